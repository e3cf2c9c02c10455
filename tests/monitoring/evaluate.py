"""Asks a Prometheus for every expression of the dashboards and alerts, and compares which have data with which should."""

import time
from collections.abc import Mapping, Sequence

from support.prometheus import Prometheus

from monitoring import Expression

WINDOW = "5m"
"""In place of Grafana's `$__rate_interval` and `$__range`: all of a short test."""
PAUSE_SECONDS = 1.0


def filled_in(promql: str) -> str:
    """Variables as Grafana would fill them in with all namespaces chosen."""
    return promql.replace("$__rate_interval", WINDOW).replace("$__range", WINDOW).replace("$namespace", ".*")


def without_data(prometheus: Prometheus, expressions: Sequence[Expression]) -> set[str]:
    """Names of those that have none. AssertionError when one is refused."""
    return {each.name for each in expressions if not prometheus.has_data(filled_in(each.promql))}


def assert_data(
    prometheus: Prometheus, expressions: Sequence[Expression], empty: Mapping[str, str], seconds: float
) -> None:
    """All but those in `empty` (name to reason) have data within `seconds`, and these have none: a reason that does not hold is a lie."""
    unknown = empty.keys() - {each.name for each in expressions}
    assert not unknown, f"listed, and no expression: {sorted(unknown)}"
    deadline = time.monotonic() + seconds
    while (missing := without_data(prometheus, expressions)) - empty.keys() and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    assert not missing - empty.keys(), f"no data: {sorted(missing - empty.keys())}"
    assert not empty.keys() - missing, f"listed as empty, and has data: {sorted(empty.keys() - missing)}"


def assert_rules_are_evaluated(prometheus: Prometheus, names: set[str], seconds: float) -> None:
    """Prometheus itself has loaded each alert and evaluates it without an error."""
    deadline = time.monotonic() + seconds
    while {rule["health"] for rule in prometheus.rules()} != {"ok"} and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    assert {rule["name"]: (rule["health"], rule.get("lastError")) for rule in prometheus.rules()} == dict.fromkeys(
        names, ("ok", None)
    )
