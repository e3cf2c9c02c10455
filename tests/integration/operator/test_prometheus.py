"""A real Prometheus scrapes the real operator: every panel of the dashboards and every alert gets an answer."""

from pathlib import Path
from typing import Any

from agentjob_api.report import ProxyUsage
from integration.operator.conftest import MakeOperator
from integration.operator.relay import Relay
from integration.operator.stage import Stage
from monitoring import ALERTS_FILE, alert_expressions, panel_expressions
from monitoring.evaluate import assert_data, assert_rules_are_evaluated
from support.prometheus import Prometheus, running_prometheus

EMPTY = {"AgentJobOperatorDown": "absent() has a value only while no target is up"}
SCRAPED_SECONDS = 30.0


def test_every_panel_and_every_alert_has_data(
    make_operator: MakeOperator, stage: Stage, relay: Relay, tmp_path: Path
) -> None:
    """With one AgentJob in each state that they show, and one request that fails; what must be empty is listed with its reason."""
    relay.intercept = _fail_first_status_write()
    operator = make_operator(leader_election__enabled="true", leader_election__lease_namespace="agentjob-system")
    operator.start(ready=False)
    with running_prometheus(tmp_path, [f"127.0.0.1:{operator.port}"], ALERTS_FILE) as prometheus:
        operator.wait_state("leading")
        # A rate needs a sample from before.
        first = "agentjob_queue_wait_duration_seconds_count == 0"
        stage.wait(lambda: prometheus.has_data(first), "it is scraped before its first AgentJob")
        _live(stage, prometheus)
        expressions = panel_expressions() + alert_expressions()
        assert_data(prometheus, expressions, EMPTY, SCRAPED_SECONDS)
        assert_rules_are_evaluated(prometheus, {each.name for each in alert_expressions()}, SCRAPED_SECONDS)
        _assert_figures(prometheus, stage)
        operator.kill()
        down = 'ALERTS{alertname="AgentJobOperatorDown"}'
        stage.wait(lambda: prometheus.query(down) == [1], "the one alert that has no value in good times")


def _live(stage: Stage, prometheus: Prometheus) -> None:
    """One ends well (and is scraped before, as one that takes minutes would be), one runs, one waits for a node."""
    for name in ("ends", "runs", "waits"):
        stage.apply(name)
    ends, runs, waits = (stage.make_pod(stage.job(name)) for name in ("ends", "runs", "waits"))
    no_node = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}
    stage.set_pod(waits, {"phase": "Pending", "conditions": [no_node]})
    stage.run(runs)
    stage.run(ends)
    stage.wait_reason("ends", "AgentRunning")
    stage.wait_reason("runs", "AgentRunning")
    begun = f'agentjob_finished_total{{namespace="{stage.namespace}"}}'
    stage.wait(lambda: prometheus.has_data(begun), "it is scraped before its end")
    usage = ProxyUsage(requests=2, input_tokens=1000, output_tokens=50, cost_usd="0.25")
    fields: dict[str, Any] = {"active_seconds": 7, "archive_milliseconds": 300, "upload_milliseconds": 1200}
    stage.finish(ends, stage.report("ends", workspace=stage.upload("ends"), usage=usage, **fields))
    stage.wait_reason("ends", "Completed")
    stage.wait_reason("waits", "Unschedulable")


def _assert_figures(prometheus: Prometheus, stage: Stage) -> None:
    """Labels survive the scrape (honor_labels): the namespace is the AgentJob's."""
    selector = f'{{job="agentjob-operator", namespace="{stage.namespace}"'
    assert prometheus.query(f'agentjob_finished_total{selector}, reason="Completed"}}') == [1]
    assert prometheus.query(f"agentjob_model_cost_usd_total{selector}}}") == [0.25]
    assert prometheus.query(f'agentjob_jobs{selector}, phase="Running"}}') == [1]
    firing = 'ALERTS{alertstate="firing"}'
    assert prometheus.query(f"count({firing}) or vector(0)") == [0], "one waiting AgentJob wakes nobody"


def _fail_first_status_write() -> Any:
    failed: list[str] = []

    def intercept(method: str, path: str) -> tuple[int, dict[str, object]] | None:
        if method != "PATCH" or not path.endswith("/status") or failed:
            return None
        failed.append(path)
        return 500, {"kind": "Status", "code": 500, "reason": "InternalError", "message": "for a moment"}

    return intercept
