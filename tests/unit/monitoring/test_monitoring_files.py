"""Alerts, runbooks and dashboards against each other and against the operator's metrics. `tests/chart` runs promtool and Grafana's schema."""

import re
from collections import Counter

import pytest
from agentjob_api.reasons import Reason
from agentjob_operator.metrics.definitions import ALL, PROCESS, Kind, Metric
from monitoring import (
    ALERTS_TEST,
    RUNBOOKS,
    Expression,
    Json,
    alert_expressions,
    alerts,
    metrics_in,
    panel_expressions,
    panels,
)

SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
BASE_URL = "https://github.com/agentjob/agentjob/blob/main/docs/runbooks"
EXPRESSIONS = [*panel_expressions(), *alert_expressions()]
each_alert = pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])


def series(metric: Metric) -> set[str]:
    """What a scrape shows of it."""
    if metric.kind is Kind.HISTOGRAM:
        return {f"{metric.name}_{part}" for part in ("bucket", "count", "sum")}
    return {metric.name}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    """Whoever is woken opens that page."""
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {rule["alert"] for rule in alerts()}


@each_alert
def test_an_alert_says_what_it_is_and_where_to_read_on(rule: Json) -> None:
    """As Alertmanager's templates and the mixins of the ecosystem expect it; the summary is the same for all its instances."""
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert "{{" not in rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"{BASE_URL}/{rule['alert']}.md"


@each_alert
def test_a_runbook_says_what_to_do(rule: Json) -> None:
    """Meaning, impact, diagnosis with commands, mitigation: in this order, all of them."""
    text = (RUNBOOKS / f"{rule['alert']}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## .*$", text, re.MULTILINE) == SECTIONS
    diagnosis, mitigation = text.split("## Diagnosis")[1].split("## Mitigation")
    assert "$ kubectl" in diagnosis
    assert len(mitigation.split()) > 20


@each_alert
def test_an_alert_has_a_test(rule: Json) -> None:
    """promtool runs them; an alert that fires in none may never fire."""
    assert f'alertname="{rule["alert"]}"' in ALERTS_TEST.read_text(encoding="utf-8")


def test_links_of_runbooks_lead_somewhere() -> None:
    """At night nobody searches."""
    for page in RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), f"{page.name}: {target}"


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda each: each.name)
def test_every_metric_that_is_asked_for_exists(expression: Expression) -> None:
    """With its suffix; a panel of a metric that was renamed stays empty, and an alert silent."""
    known = {name for metric in ALL for name in series(metric)} | set(PROCESS)
    assert metrics_in(expression.promql) <= known


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda each: each.name)
def test_every_label_that_is_asked_for_exists(expression: Expression) -> None:
    """In `by` and in matchers: Prometheus takes a label that is not there for an empty one, and says nothing."""
    targets = {"job", "instance", "le", "alertname", "alertstate"}
    metrics = [m for m in ALL if series(m) & metrics_in(expression.promql)]
    known = targets.union(*(metric.labels for metric in metrics))
    grouped = {name for found in re.findall(r"\bby \(([^)]*)\)", expression.promql) for name in found.split(", ")}
    matched = {
        name for found in re.findall(r"\{([^}]*)\}", expression.promql) for name in re.findall(r"(\w+)[=!]", found)
    }
    assert grouped | matched <= known


def test_reasons_that_alerts_name_exist() -> None:
    """A reason that was renamed would silence the alert."""
    named = {
        reason
        for rule in alerts()
        for found in re.findall(r'reason[=!]~?"([^"]*)"', rule["expr"])
        for reason in found.split("|")
    }
    assert named <= {str(reason) for reason in Reason}


def test_every_metric_is_looked_at() -> None:
    """What no panel and no alert shows need not be counted."""
    asked = {name for expression in EXPRESSIONS for name in metrics_in(expression.promql)}
    assert [metric.name for metric in ALL if not series(metric) & asked] == []


def test_series_of_other_controllers_are_told_apart() -> None:
    """`workqueue_*` and the like are exported by every controller of the cluster."""
    for expression in EXPRESSIONS:
        selectors = re.findall(
            r"\b(?:workqueue|rest_client|leader_election|process)_\w+(\{[^}]*\})?", expression.promql
        )
        assert all('job="agentjob-operator"' in selector for selector in selectors), expression


def test_panels_are_described_and_do_not_overlap() -> None:
    """Each says what it shows, in which unit, and has a place of its own on the grid."""
    cells: Counter[tuple[str, int, int]] = Counter()
    for dashboard, panel in panels():
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells.update((dashboard, place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"]))
    assert max(cells.values()) == 1
