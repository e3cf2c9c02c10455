"""Grafana's dashboard JSON (the classic schema, which every Grafana since 9 reads) from a list of rows with panels. Pure.

The grid is 24 wide. Grafana fills in `$__rate_interval`, `$__range` and the variables.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Json = dict[str, Any]
WIDTH: Final = 24
SCHEMA_VERSION: Final = 39
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


class View(StrEnum):
    """Kinds of panels: over time, over time and stacked, one number, one bar for each series."""

    LINES = "lines"
    STACKED = "stacked"
    STAT = "stat"
    BARS = "bars"


class Unit(StrEnum):
    """Grafana's names of units."""

    COUNT = "short"
    SECONDS = "s"
    BYTES = "bytes"
    BYTES_PER_SECOND = "Bps"
    PER_SECOND = "ops"
    PER_MINUTE = "cpm"
    SHARE = "percentunit"
    DOLLARS = "currencyUSD"
    CPUS = "none"
    TIME = "dateTimeFromNow"


@dataclass(frozen=True)
class Query:
    """An expression, and how its series are called: `{{label}}` is filled in."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """`red_from`: from where on a single number is red; `green_from`: below it is red."""

    title: str
    description: str
    queries: tuple[Query, ...]
    unit: Unit = Unit.COUNT
    view: View = View.LINES
    width: int = 8
    red_from: float | None = None
    green_from: float | None = None


@dataclass(frozen=True)
class Row:
    """A heading and the panels under it, all of one height; panels that do not fit go to the next line."""

    title: str
    panels: tuple[Panel, ...]
    height: int = 7


@dataclass(frozen=True)
class Dashboard:
    """`uid` is part of its address. `variables` beside the data source."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...] = field(default=())


def dashboard(one: Dashboard) -> Json:
    """The document."""
    return {
        "uid": one.uid,
        "title": one.title,
        "description": one.description,
        "tags": ["agentjob"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [_other_dashboards()],
        "annotations": {"list": []},
        "templating": {"list": [_data_source(), *one.variables]},
        "panels": _laid_out(one.rows),
    }


def label_values(name: str, label: str, metric: str, description: str) -> Json:
    """A variable with the values of a label: several or all can be chosen."""
    query = f"label_values({metric}, {label})"
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "description": description,
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _data_source() -> Json:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "description": "The Prometheus that scrapes the operator.",
        "query": "prometheus",
        "refresh": 1,
        "current": {"selected": False, "text": "default", "value": "default"},
        "options": [],
    }


def _other_dashboards() -> Json:
    return {
        "type": "dashboards",
        "title": "AgentJob",
        "icon": "external link",
        "tooltip": "",
        "tags": ["agentjob"],
        "asDropdown": False,
        "targetBlank": False,
        "includeVars": True,
        "keepTime": True,
    }


def _laid_out(rows: tuple[Row, ...]) -> list[Json]:
    panels: list[Json] = []
    y = 0
    for row in rows:
        panels.append(_row(row, len(panels) + 1, y))
        x, y = 0, y + 1
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + row.height
            panels.append(_panel(panel, len(panels) + 1, {"x": x, "y": y, "w": panel.width, "h": row.height}))
            x += panel.width
        y += row.height
    return panels


def _row(row: Row, number: int, y: int) -> Json:
    place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
    return {"type": "row", "id": number, "title": row.title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, number: int, place: Json) -> Json:
    kinds = {View.LINES: "timeseries", View.STACKED: "timeseries", View.STAT: "stat", View.BARS: "bargauge"}
    return {
        "type": kinds[panel.view],
        "id": number,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(query, index, panel.view) for index, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.view),
    }


def _target(query: Query, index: int, view: View) -> Json:
    one_value = view in (View.STAT, View.BARS)
    return {
        "refId": "ABCDEFGH"[index],
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": one_value,
        "range": not one_value,
    }


def _defaults(panel: Panel) -> Json:
    found: Json = {"unit": str(panel.unit), "min": 0, "color": {"mode": "palette-classic"}}
    if panel.view is View.STAT:
        found |= {"color": {"mode": "thresholds"}, "thresholds": _thresholds(panel), "noValue": "-"}
    elif panel.view is not View.BARS:
        stacked = panel.view is View.STACKED
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 25 if stacked else 5,
            "showPoints": "never",
            "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        }
    return found


def _thresholds(panel: Panel) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    if panel.green_from is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": panel.green_from}]
    return {"mode": "absolute", "steps": steps}


def _options(view: View) -> Json:
    legend: Json = {"showLegend": True, "displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}
    if view is View.STAT:
        return _STAT_OPTIONS
    if view is View.BARS:
        return _BAR_OPTIONS
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


_LAST: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_STAT_OPTIONS: Final[Json] = {
    "reduceOptions": _LAST,
    "colorMode": "value",
    "graphMode": "none",
    "justifyMode": "auto",
    "textMode": "auto",
    "orientation": "auto",
    "wideLayout": True,
    "showPercentChange": False,
    "percentChangeColorMode": "standard",
}
_BAR_OPTIONS: Final[Json] = {
    "reduceOptions": _LAST,
    "displayMode": "basic",
    "orientation": "horizontal",
    "valueMode": "text",
    "namePlacement": "auto",
    "sizing": "auto",
    "minVizWidth": 8,
    "minVizHeight": 16,
    "maxVizHeight": 300,
    "showUnfilled": True,
    "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
}
