"""What `/metrics` says of an AgentJob's life, and that no restart counts it twice."""

from typing import Any

from agentjob_api.report import ProxyUsage
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage
from prometheus_client.parser import text_string_to_metric_families
from support.patience import until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(operator: OperatorProcess) -> Samples:
    """Every sample, by name and labels."""
    families = list(text_string_to_metric_families(operator.metrics()))
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def scrape_finished(operator: OperatorProcess, finished: int) -> Samples:
    """As soon as so many are counted: the API server shows a status to a test before the operator has read its answer."""

    def found() -> Samples | None:
        samples = scrape(operator)
        return samples if value(samples, "agentjob_finished_total") >= finished else None

    return until(found, f"{finished} in agentjob_finished_total")


def value(samples: Samples, metric: str, **labels: str) -> float:
    """The sum over what has these labels."""
    wanted = labels.items()
    return sum(number for (found, has), number in samples.items() if found == metric and wanted <= has)


def test_the_life_of_an_agentjob_is_counted_and_costs_no_request(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """Each figure of the dashboards from a real run; a scrape asks the API server for nothing."""
    operator.start()
    stage.apply("todo")
    pod = stage.make_pod(stage.job("todo"))
    stage.run(pod)
    stage.wait_reason("todo", "AgentRunning")
    assert value(scrape(operator), "agentjob_jobs", namespace=stage.namespace, phase="Running") == 1
    usage = ProxyUsage(requests=2, input_tokens=1000, output_tokens=50, cost_usd="0.25")
    fields: dict[str, Any] = {"active_seconds": 7, "archive_milliseconds": 300, "upload_milliseconds": 1200}
    stage.finish(pod, stage.report("todo", workspace=stage.upload("todo"), usage=usage, **fields))
    stage.wait_reason("todo", "Completed")

    found = scrape_finished(operator, 1)
    ended = {"namespace": stage.namespace, "engine": "Builtin", "phase": "Succeeded", "reason": "Completed"}
    assert value(found, "agentjob_created_total", namespace=stage.namespace, engine="Builtin") == 1
    assert value(found, "agentjob_finished_total", **ended) == 1
    assert value(found, "agentjob_run_duration_seconds_sum", engine="Builtin") == 7
    assert value(found, "agentjob_archive_duration_seconds_sum", format="Zip") == 0.3
    assert value(found, "agentjob_upload_duration_seconds_sum") == 1.2
    assert value(found, "agentjob_queue_wait_duration_seconds_count") == 1
    assert value(found, "agentjob_start_duration_seconds_count") == 1
    assert value(found, "agentjob_model_tokens_total", namespace=stage.namespace, type="input") == 1000
    assert value(found, "agentjob_model_cost_usd_total", namespace=stage.namespace) == 0.25
    assert value(found, "agentjob_archive_bytes_total", namespace=stage.namespace) == len(b"archive")
    assert value(found, "rest_client_requests_total", verb="POST", resource="jobs", code="201") == 1
    assert value(found, "rest_client_requests_total", verb="PATCH", resource="agentjobs/status", code="200") == 2
    assert value(found, "rest_client_requests_total", verb="WATCH", resource="agentjobs") == 1, (
        "kopf's are counted, too"
    )
    assert value(found, "leader_election_master_status") == 1
    assert value(found, "workqueue_depth", name="agentjobs") == 0
    assert value(found, "agentjob_reconcile_duration_seconds_count", result="bug") == 0
    assert len(relay.writes) == 4, relay.writes


def test_a_restart_counts_nothing_again(operator: OperatorProcess, stage: Stage) -> None:
    """The second process sees an AgentJob that it did not take up, and ends it: created in one, finished in the other."""
    operator.start()
    stage.apply("todo")
    pod = stage.make_pod(stage.job("todo"))
    stage.run(pod)
    stage.wait_reason("todo", "AgentRunning")
    first = scrape(operator)
    operator.kill()
    operator.start()
    stage.succeed("todo", pod)
    stage.wait_reason("todo", "Completed")
    second = scrape_finished(operator, 1)
    assert (value(first, "agentjob_created_total"), value(second, "agentjob_created_total")) == (1, 0)
    assert (value(first, "agentjob_finished_total"), value(second, "agentjob_finished_total")) == (0, 1)
    operator.kill()
    operator.start()
    assert value(scrape(operator), "agentjob_finished_total") == 0
