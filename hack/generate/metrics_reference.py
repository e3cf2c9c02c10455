"""docs/metrics.md: a table of every metric, from the definitions."""

from agentjob_operator.metrics.definitions import ALL, PROCESS

_HEADER = """\
<!-- Generated from operator/agentjob_operator/metrics/definitions.py by `make generate`. Do not edit. -->
# Metrics

The operator serves Prometheus metrics at `/metrics`, every replica its own: on the port of the probes (`health`, 8080 in the
chart's pods), or on `AGENTJOB_METRICS_PORT` when that is set. Recording costs microseconds and no request. How to have them scraped, with
alerts and dashboards: [monitoring.md](monitoring.md).

- Counters are counted at the write that makes them true, by the replica that made it: a restart or another leader counts nothing again.
  Aggregate over replicas with `sum`; a replica that stands by has `leader_election_master_status` 0 and no AgentJobs.
- Scrape with `honor_labels: true`: `namespace` is the AgentJob's, not the operator's. Name the scrape job `agentjob-operator`.
- A PATCH that the API server has done but whose answer was lost is not counted.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def metrics_reference() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {_cell(one.help)} |\n"
        for one in ALL
    ]
    process = ", ".join(f"`{name}`" for name in PROCESS)
    return (
        _HEADER
        + "".join(rows)
        + f"\nBeside these: {process} and the others of prometheus_client's process collector.\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
