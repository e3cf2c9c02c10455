"""How the API server's priority and fairness treated the operator, from its metrics. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

OPERATORS_SCHEMA: Final = "service-accounts"
"""Flow schema of service accounts that are not of kube-system. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/"""
_SAMPLE: Final = re.compile(r"^(?P<name>apiserver_flowcontrol_\w+)\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.MULTILINE)


def fairness(metrics: str, schema: str = OPERATORS_SCHEMA) -> dict[str, Any]:
    """Of one flow schema: requests that were dispatched and rejected, and how long they waited for their turn on average."""
    totals: dict[str, float] = {}
    levels = set()
    for sample in _SAMPLE.finditer(metrics):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"]))
        if labels.get("flow_schema") == schema:
            levels.add(labels["priority_level"])
            totals[sample["name"]] = totals.get(sample["name"], 0.0) + float(sample["value"])
    wait = "apiserver_flowcontrol_request_wait_duration_seconds"
    waits = totals.get(f"{wait}_count", 0.0)
    return {
        "priorityLevel": ", ".join(sorted(levels)),
        "dispatched": int(totals.get("apiserver_flowcontrol_dispatched_requests_total", 0)),
        "rejected": int(totals.get("apiserver_flowcontrol_rejected_requests_total", 0)),
        "meanWaitMs": round(1000 * totals.get(f"{wait}_sum", 0.0) / waits, 2) if waits else 0.0,
    }
