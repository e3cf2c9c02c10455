"""The chart's alerts and dashboards, as files and as lists of expressions."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "charts" / "agentjob" / "files"
ALERTS_FILE = FILES / "alerts.yaml"
ALERTS_TEST = ROOT / "tests" / "chart" / "alerts.test.yaml"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
RUNBOOKS = ROOT / "docs" / "runbooks"

Json = dict[str, Any]
_OURS = re.compile(r"\b(?:agentjob|workqueue|rest_client|leader_election|process)_\w+")


@dataclass(frozen=True)
class Expression:
    """PromQL of the panel or alert called `name`; `one_value` where the panel shows the last value only."""

    name: str
    promql: str


def alerts() -> list[Json]:
    """As they stand in the file."""
    groups: list[Json] = yaml.safe_load(ALERTS_FILE.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> Iterator[tuple[str, Json]]:
    """Title of the dashboard and panel, rows left out."""
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield dashboard["title"], panel


def panel_expressions() -> list[Expression]:
    """Every query of every panel, called `dashboard: panel: legend`."""
    return [
        Expression(f"{dashboard}: {panel['title']}: {target['legendFormat']}", target["expr"])
        for dashboard, panel in panels()
        for target in panel["targets"]
    ]


def alert_expressions() -> list[Expression]:
    """With `bool` after each comparison, so that a quiet alert has a value, too: 0."""
    compared = re.compile(r"(?<=\s)([<>]=?|==|!=)(?=\s)")
    return [Expression(rule["alert"], compared.sub(r"\1 bool", rule["expr"])) for rule in alerts()]


def metrics_in(promql: str) -> set[str]:
    """Names of the operator's metrics in an expression."""
    return set(_OURS.findall(promql))
