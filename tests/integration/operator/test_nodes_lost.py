"""A node that goes away says nothing: its pod is given up after a set time, and what it writes later changes nothing."""

from agentjob_api.report import Verdict
from apiserver.client import ApiClient
from integration.operator.conftest import MakeOperator
from integration.operator.relay import Relay
from integration.operator.stage import Stage, now

LOST = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "DeletionByTaintManager",
    "message": "node is unreachable",
}


def test_a_pod_on_a_node_that_went_away_is_given_up(
    api: ApiClient, make_operator: MakeOperator, stage: Stage, relay: Relay
) -> None:
    """It was told to end and nobody confirms it. When the node is back, so are pod, report and uploads: of an attempt that is over."""
    operator = make_operator(node_lost_seconds="2")
    operator.start()
    stage.apply("partitioned")
    job = stage.job("partitioned")
    pod = stage.make_pod(job, node="went-away")
    stage.run(pod)
    stage.wait_reason("partitioned", "AgentRunning")
    checkpoint = stage.store_checkpoint("partitioned")
    stage.set_condition(pod, LOST | {"lastTransitionTime": now()})
    api.request("DELETE", stage.path("pods", pod), query={"gracePeriodSeconds": "1"}).or_fail()

    second = stage.job_of_attempt("partitioned", 2)
    assert stage.status("partitioned")["disruptions"] == 1
    assert stage.status("partitioned")["message"]
    assert checkpoint.sha256 in stage.secret("partitioned", 2)["restore.json"]
    assert stage.item("pods", pod) is not None, "nobody has confirmed its end, and nobody forced it"

    stage.run(stage.make_pod(second))
    running = stage.wait_reason("partitioned", "AgentRunning")
    before = len(relay.of("/status"))
    late = stage.upload("partitioned", 1, b"written by a node that was given up")
    stage.store_checkpoint("partitioned", 1, b"another one")
    stage.finish(pod, stage.report("partitioned", 1, Verdict.SUCCESS, workspace=late, message="I did it."))
    stage.api.delete(stage.path("pods", pod))
    stage.apply("next")
    stage.play("next")
    assert stage.status("partitioned") == running
    assert len([write for write in relay.of("/status")[before:] if "/partitioned/" in write.path]) == 0

    done = stage.play("partitioned")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Succeeded", 2, 0, 1)
    assert done["artifacts"]["workspace"]["key"] == stage.prefix("partitioned", 2) + "workspace.zip"
    assert done["result"] == "It works."
