"""How attempts end, and whether another one follows: reasons from container states, Jobs and the store."""

import json
from io import BytesIO
from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import ProxyUsage, Verdict
from apiserver.client import MERGE_PATCH, ApiClient
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage, ended, now, running
from support.minio import BUCKET


def _running(stage: Stage, name: str, attempt: int = 1) -> str:
    pod = stage.make_pod(stage.job(name, attempt))
    stage.run(pod)
    stage.wait_reason(name, "AgentRunning")
    return pod


def _job_condition(api: ApiClient, stage: Stage, name: str, reason: str, message: str) -> None:
    """What the Job controller writes."""
    condition: Json = {"type": "FailureTarget", "status": "True", "reason": reason, "message": message}
    condition |= {"lastProbeTime": now(), "lastTransitionTime": now()}
    failed = condition | {"type": "Failed"}
    status = {"conditions": [condition, failed], "startTime": now(), "failed": 1}
    path = stage.path("jobs", stage.job(name)["metadata"]["name"]) + "/status"
    api.request("PATCH", path, {"status": status}, headers={"Content-Type": MERGE_PATCH}).or_fail()


def test_an_agent_killed_for_its_memory_is_tried_again(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """Attempt 2 has a Job, a Secret and a prefix of its own, and is made only after status recorded the end of attempt 1."""
    operator.start()
    stage.apply("oom", backoffLimit=1)
    pod = _running(stage, "oom")
    spent = ProxyUsage(requests=2, input_tokens=100, output_tokens=10, cost_usd="0.5")
    report = stage.report("oom", verdict=Verdict.NONE, workspace=stage.upload("oom"), usage=spent, active_seconds=7)
    stage.set_pod(
        *(pod, {"phase": "Failed"}),
        model_proxy=ended(),
        prepare=ended(),
        agent=ended(137, "OOMKilled"),
        courier=ended(message=report),
    )
    retrying = stage.wait_reason("oom", "Retrying")
    assert (retrying["attempts"], retrying["failures"], retrying["phase"]) == (2, 1, "Pending")
    assert "jobUID" not in retrying
    assert "AgentOOMKilled" in retrying["message"]
    done = stage.play("oom")
    assert (done["phase"], done["attempts"]) == ("Succeeded", 2)
    assert done["usage"]["inputTokens"] == 100
    assert done["artifacts"]["workspace"]["key"] == stage.prefix("oom", 2) + "workspace.zip"
    posts = [write.path.rsplit("/", 1)[1] for write in relay.writes]
    second_job = [i for i, what in enumerate(posts) if what == "jobs"][1]
    assert "status" in posts[2:second_job], "the end of attempt 1 is written before attempt 2 is made"


def test_a_pod_that_outlives_its_job_is_still_the_attempt(
    api: ApiClient, operator: OperatorProcess, stage: Stage
) -> None:
    """`kubectl delete job --cascade=orphan`: what works is not lost, no other attempt runs beside it, and its report counts."""
    operator.start()
    stage.apply("orphaned", backoffLimit=1)
    pod = _running(stage, "orphaned")
    # The garbage collector takes the owner away, then the Job goes.
    api.patch(stage.path("pods", pod), {"metadata": {"ownerReferences": None}}).or_fail()
    stage.delete("jobs", stage.job("orphaned")["metadata"]["name"])
    operator.kill()
    operator.start()
    stage.apply("another")
    stage.play("another")
    assert {name: stage.status("orphaned")[name] for name in ("attempts", "reason")} == {
        "attempts": 1,
        "reason": "AgentRunning",
    }
    assert stage.jobs_of("orphaned") == []
    stage.succeed("orphaned", pod)
    done = stage.wait_reason("orphaned", "Completed")
    assert (done["attempts"], done["podName"]) == (1, pod)


def test_a_crashed_agent_goes_on_from_its_checkpoint_with_what_is_left(operator: OperatorProcess, stage: Stage) -> None:
    """`checkpointSeconds`, and nobody told the pod to stop. What attempt 1 spent of every budget is gone."""
    operator.start()
    limits = {"steps": 10, "tokens": 1000, "costUSD": "2", "timeoutSeconds": 100}
    prices = {"inputPerMillionTokens": "1", "outputPerMillionTokens": "2"}
    stage.apply("goes-on", backoffLimit=1, limits=limits, model={"prices": prices}, workspace={"checkpointSeconds": 30})
    pod = _running(stage, "goes-on")
    checkpoint = stage.store_checkpoint("goes-on")
    spent = ProxyUsage(requests=2, input_tokens=300, output_tokens=100, cost_usd="0.5")
    fields: dict[str, Any] = {"usage": spent, "active_seconds": 40, "steps": 4, "checkpoint": checkpoint}
    report = stage.report("goes-on", verdict=Verdict.NONE, workspace=stage.upload("goes-on"), **fields)
    stage.finish(pod, report, agent_exit=139, phase="Failed")
    stage.wait_reason("goes-on", "Retrying")
    stage.job("goes-on", 2)
    secret = stage.secret("goes-on", 2)
    assert json.loads(secret["restore.json"])["sha256"] == checkpoint.sha256
    left = json.loads(secret["job.json"])["limits"]
    assert {name: left[name] for name in ("steps", "timeoutSeconds")} == {"steps": 6, "timeoutSeconds": 60}
    assert (left["tokens"], left["costUsd"]) == (600, "1.5")
    done = stage.play("goes-on")
    assert (done["phase"], done["failures"], done["resumedFromAttempt"]) == ("Succeeded", 1, 1)
    assert done["usage"]["inputTokens"] == 300


def test_no_retry_is_left(operator: OperatorProcess, stage: Stage) -> None:
    """backoffLimit 0 is the default: the reason of the attempt is the reason of the AgentJob, and says what to do."""
    operator.start()
    stage.apply("killed")
    pod = _running(stage, "killed")
    archive = stage.upload("killed")
    stage.finish(pod, stage.report("killed", verdict=Verdict.NONE, workspace=archive), agent_exit=137, phase="Failed")
    done = stage.wait_reason("killed", "AgentKilled")
    assert done["phase"] == "Failed"
    assert "signal 9" in done["message"]
    assert done["artifacts"]["downloadURL"], "what a failed agent left is kept, too"


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.FAILURE, Reason.AGENT_FAILED),
        (Verdict.LIMIT, Reason.STEP_LIMIT),
        (Verdict.CRASH, Reason.MODEL_UNAUTHORIZED),
    ],
)
def test_the_agents_own_verdict_is_never_repeated(
    operator: OperatorProcess, stage: Stage, verdict: Verdict, reason: Reason
) -> None:
    """However many retries are left."""
    operator.start()
    stage.apply("verdict", backoffLimit=3)
    pod = _running(stage, "verdict")
    report = stage.report(
        "verdict", verdict=verdict, reason=reason, message="It is so.", workspace=stage.upload("verdict")
    )
    stage.finish(pod, report, agent_exit=10, phase="Failed")
    done = stage.wait_reason("verdict", reason)
    assert (done["phase"], done["attempts"]) == ("Failed", 1)
    assert "It is so." in done["message"]


def test_success_without_an_archive_is_no_success(operator: OperatorProcess, stage: Stage) -> None:
    """The report names an archive that the store does not have."""
    operator.start()
    stage.apply("lost")
    pod = _running(stage, "lost")
    archive = stage.upload("lost")
    stage.store.client().remove_object(BUCKET, archive.key)
    stage.finish(pod, stage.report("lost", workspace=archive))
    done = stage.wait_reason("lost", "ArchiveFailed")
    assert done["phase"] == "Failed"
    assert {c["type"]: c["status"] for c in done["conditions"]}["Archived"] == "False"


def test_a_report_of_somebody_else_is_not_believed(operator: OperatorProcess, stage: Stage) -> None:
    """It names another uid, and an archive outside of the attempt's prefix: no URL may be signed for that."""
    operator.start()
    for name in ("victim", "thief"):
        stage.apply(name)
    archive = stage.upload("victim")
    pod = _running(stage, "thief")
    stage.finish(pod, stage.report("thief", workspace=archive))
    done = stage.wait_reason("thief", "CourierCrashed")
    assert "artifacts" not in done


def test_an_eviction_is_repeated_without_counting(api: ApiClient, operator: OperatorProcess, stage: Stage) -> None:
    """The pod is gone; the Job's condition is the only trace, and what the courier stored of its usage is booked."""
    operator.start()
    stage.apply("evicted", limits={"tokens": 5000})
    pod = _running(stage, "evicted")
    usage = ProxyUsage(requests=4, input_tokens=3000, output_tokens=500).to_json().encode()
    stage.store.client().put_object(BUCKET, stage.prefix("evicted") + "usage.json", BytesIO(usage), len(usage))
    stage.delete("pods", pod)
    _job_condition(
        api, stage, "evicted", "PodFailurePolicy", f"Pod {pod} has condition DisruptionTarget matching rule 0"
    )
    status = stage.wait_reason("evicted", "Retrying")
    assert (status["disruptions"], status["failures"], status["attempts"]) == (1, 0, 2)
    assert {name: status["usage"][name] for name in ("requests", "inputTokens", "outputTokens")} == {
        "requests": 4,
        "inputTokens": 3000,
        "outputTokens": 500,
    }
    assert stage.play("evicted")["phase"] == "Succeeded"


def test_a_job_deleted_by_hand_is_lost_and_not_made_again(
    api: ApiClient, operator: OperatorProcess, stage: Stage
) -> None:
    """jobUID is recorded: nothing may run a second time in silence."""
    operator.start()
    stage.apply("lost")
    pod = _running(stage, "lost")
    stage.delete("jobs", stage.job("lost")["metadata"]["name"])
    stage.delete("pods", pod)
    assert stage.wait_reason("lost", "AttemptLost")["phase"] == "Failed"
    assert stage.jobs_of("lost") == []


def test_result_json_decides_when_job_and_pod_are_gone(api: ApiClient, operator: OperatorProcess, stage: Stage) -> None:
    """The operator was down while the job ended and its TTL took Job and Pod away."""
    operator.start()
    stage.apply("gone")
    pod = _running(stage, "gone")
    operator.kill()
    report = stage.report("gone", workspace=stage.upload("gone"), message="Done long ago.").encode()
    stage.store.client().put_object(BUCKET, stage.prefix("gone") + "result.json", BytesIO(report), len(report))
    stage.delete("jobs", stage.job("gone")["metadata"]["name"])
    stage.delete("pods", pod)
    operator.start()
    done = stage.wait_reason("gone", "Completed")
    assert (done["phase"], done["attempts"], done["result"]) == ("Succeeded", 1, "Done long ago.")


def test_a_courier_that_dies_ends_the_attempt_and_its_agent(operator: OperatorProcess, stage: Stage) -> None:
    """An agent without a courier works for nothing: its Job is deleted."""
    operator.start()
    stage.apply("orphan")
    pod = _running(stage, "orphan")
    stage.set_pod(pod, model_proxy=running(), prepare=ended(), agent=running(), courier=ended(137, "OOMKilled"))
    assert stage.wait_reason("orphan", "CourierCrashed")["phase"] == "Failed"
    stage.wait(lambda: not stage.jobs_of("orphan"), "its Job is deleted")
