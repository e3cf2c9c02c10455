"""`cancel` and `suspend`: what is stored, what is written, and what comes after."""

import json
import time
from typing import Any

import pytest
import urllib3
from agentjob_api.grant import ObjectName
from agentjob_api.report import Verdict
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage, ended, waiting


def _running(stage: Stage, name: str, attempt: int = 1) -> str:
    pod = stage.make_pod(stage.job(name) if attempt == 1 else stage.wait(lambda: _only_job(stage, name), "its Job"))
    stage.run(pod)
    stage.wait_reason(name, "AgentRunning")
    return pod


def _only_job(stage: Stage, name: str) -> Json | None:
    return next(iter(stage.jobs_of(name)), None)


def _stop(stage: Stage, name: str, pod: str, attempt: int = 1, **fields: Any) -> None:
    """What the pod does after SIGTERM: the agent ends without a verdict, the courier archives and reports."""
    stage.wait(lambda: not stage.jobs_of(name), "its Job is deleted")
    fields = {"verdict": Verdict.NONE, "terminated": True, "active_seconds": 7, **fields}
    report = stage.report(name, attempt, workspace=stage.upload(name, attempt), **fields)
    # As the courier does: the pod may have gone before the operator has read its end.
    stage.store_object(name, ObjectName.RESULT, report.encode(), attempt)
    stage.finish(pod, report, agent_exit=0 if fields["verdict"] is Verdict.SUCCESS else 12, phase="Failed")
    stage.delete("pods", pod)


def _conditions(status: Json) -> dict[str, str]:
    return {one["type"]: one["status"] for one in status["conditions"]}


def test_cancelled_while_it_runs_it_ends_with_its_archive(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """The Job is deleted, the end of its pod waited for, the archive recorded: neither a success nor a failure."""
    operator.start()
    stage.apply("stopped", backoffLimit=3)
    pod = _running(stage, "stopped")
    stage.change("stopped", cancel=True)
    assert stage.wait_reason("stopped", "Cancelling")["phase"] == "Running"
    _stop(stage, "stopped", pod)
    done = stage.wait_reason("stopped", "Cancelled")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Cancelled", 1, 0, 0)
    assert done["artifacts"]["downloadURL"]
    conditions = _conditions(done)
    assert conditions["Finished"] == conditions["Archived"] == "True"
    assert "Complete" not in conditions
    assert "Failed" not in conditions
    assert len([w for w in relay.of("/status") if w.status == 200]) == 3, "Running, Cancelling, Cancelled"


def test_a_success_of_the_same_moment_is_a_success(operator: OperatorProcess, stage: Stage) -> None:
    """The agent was done before the signal came."""
    operator.start()
    stage.apply("done")
    pod = _running(stage, "done")
    stage.change("done", cancel=True)
    _stop(stage, "done", pod, verdict=Verdict.SUCCESS, terminated=False)
    assert stage.wait_reason("done", "Completed")["phase"] == "Succeeded"


@pytest.mark.parametrize("asked", [{"cancel": True}, {"cancel": True, "suspend": True}], ids=["alone", "with-suspend"])
def test_cancelled_before_it_was_seen_it_has_no_pod(
    operator: OperatorProcess, stage: Stage, relay: Relay, asked: dict[str, bool]
) -> None:
    """One write; cancel wins over suspend."""
    stage.apply("never", **asked)
    operator.start()
    done = stage.wait_reason("never", "Cancelled")
    assert (done["phase"], done["attempts"]) == ("Cancelled", 0)
    assert stage.items("jobs") == stage.items("secrets") == []
    assert len(relay.of("/agentjobs")) == 1


@pytest.mark.parametrize(("asked", "reason"), [("cancel", "Cancelled"), ("suspend", "Suspended")])
def test_what_has_not_started_ends_at_once(operator: OperatorProcess, stage: Stage, asked: str, reason: str) -> None:
    """Its image cannot be pulled: nobody waits for the pod, and the Job goes."""
    operator.start()
    stage.apply("pulling")
    pod = stage.make_pod(stage.job("pulling"))
    stage.set_pod(pod, {"phase": "Pending"}, model_proxy=waiting("ImagePullBackOff", "no such image"))
    stage.wait_reason("pulling", "ImagePullFailed")
    stage.change("pulling", **{asked: True})
    stage.wait_reason("pulling", reason)
    stage.wait(lambda: not stage.jobs_of("pulling"), "its Job is deleted")


def test_suspended_from_the_start_nothing_is_made_until_it_is_resumed(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """No Secret, no Job, no deadline; and then it is the first attempt."""
    operator.start()
    began = time.monotonic()
    stage.apply("held", suspend=True, limits={"startDeadlineSeconds": 6})
    held = stage.wait_reason("held", "Suspended")
    assert (held["phase"], held["attempts"], _conditions(held)["Suspended"]) == ("Suspended", 0, "True")
    operator.kill()
    operator.start()
    stage.apply("other")
    stage.play("other")
    time.sleep(max(0.0, began + 7 - time.monotonic()))
    assert stage.jobs_of("held") == []
    assert stage.status("held") == held, "nothing more is written, whatever time goes by"
    stage.change("held", suspend=False)
    done = stage.play("held")
    assert (done["phase"], done["attempts"]) == ("Succeeded", 1)
    assert _conditions(done)["Suspended"] == "False"


def test_suspended_and_resumed_it_goes_on_from_its_checkpoint(operator: OperatorProcess, stage: Stage) -> None:
    """A new attempt with what is left of the budget and the right to read exactly that checkpoint; no try is counted."""
    operator.start()
    stage.apply("paused", limits={"timeoutSeconds": 100})
    pod = _running(stage, "paused")
    checkpoint = stage.store_checkpoint("paused")
    stage.change("paused", suspend=True)
    stage.wait_reason("paused", "Suspending")
    _stop(stage, "paused", pod, checkpoint=checkpoint)
    paused = stage.wait_reason("paused", "Suspended")
    assert (paused["phase"], paused["failures"], paused["disruptions"]) == ("Suspended", 0, 0)
    assert "jobUID" not in paused
    assert paused["artifacts"]["downloadURL"]
    stage.change("paused", suspend=False)
    stage.wait(lambda: _only_job(stage, "paused"), "the Job of attempt 2")
    secret = stage.secret("paused", 2)
    restore = json.loads(secret["restore.json"])
    assert (restore["key"], restore["bytes"], restore["sha256"]) == (
        checkpoint.key,
        checkpoint.bytes,
        checkpoint.sha256,
    )
    assert json.loads(secret["job.json"])["limits"]["timeoutSeconds"] == 93
    assert urllib3.request("GET", restore["url"]).data == b"checkpoint"
    _running(stage, "paused", 2)
    assert stage.status("paused")["resumedFromAttempt"] == 1
    done = stage.play("paused")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Succeeded", 2, 0, 0)


@pytest.mark.parametrize("away", [False, True], ids=["seen", "while-the-operator-is-away"])
def test_suspend_taken_back_too_late_counts_nothing(operator: OperatorProcess, stage: Stage, away: bool) -> None:
    """The pod is ending already: it goes on in the next attempt, although `backoffLimit` is 0.

    Away: the pod is gone when its end is first read, so that no event follows the write that it is suspended."""
    operator.start()
    stage.apply("fickle")
    pod = _running(stage, "fickle")
    stage.change("fickle", suspend=True)
    stage.wait(lambda: not stage.jobs_of("fickle"), "its Job is deleted")
    if away:
        operator.kill()
    stage.change("fickle", suspend=False)
    _stop(stage, "fickle", pod)
    if away:
        operator.start()
    done = stage.play("fickle")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Succeeded", 2, 0, 0)


def test_cancelled_while_suspended_it_keeps_its_archive(operator: OperatorProcess, stage: Stage) -> None:
    """That of the last attempt, although no pod is there any more."""
    operator.start()
    stage.apply("shelved")
    pod = _running(stage, "shelved")
    stage.change("shelved", suspend=True)
    _stop(stage, "shelved", pod)
    stage.wait_reason("shelved", "Suspended")
    stage.change("shelved", cancel=True)
    done = stage.wait_reason("shelved", "Cancelled")
    assert done["artifacts"]["workspace"]["key"] == stage.prefix("shelved") + "workspace.zip"
    assert (_conditions(done)["Archived"], _conditions(done)["Suspended"]) == ("True", "False")


def test_a_disrupted_attempt_goes_on_from_its_checkpoint(operator: OperatorProcess, stage: Stage) -> None:
    """As after a suspend."""
    operator.start()
    stage.apply("drained")
    pod = _running(stage, "drained")
    stage.store_checkpoint("drained")
    report = stage.report("drained", verdict=Verdict.NONE, terminated=True, workspace=stage.upload("drained"))
    stage.set_pod(
        *(pod, {"phase": "Failed"}),
        model_proxy=ended(),
        prepare=ended(),
        agent=ended(12),
        courier=ended(message=report),
    )
    stage.wait_reason("drained", "Retrying")
    done = stage.play("drained")
    assert (done["phase"], done["disruptions"], done["resumedFromAttempt"]) == ("Succeeded", 1, 1)


def test_cancelled_between_two_attempts_it_keeps_what_the_crashed_one_left(
    operator: OperatorProcess, stage: Stage
) -> None:
    """The next attempt is not made any more; the archive of the one before can be downloaded."""
    operator.start()
    stage.apply("given-up", backoffLimit=1)
    pod = _running(stage, "given-up")
    report = stage.report("given-up", verdict=Verdict.NONE, workspace=stage.upload("given-up"), session_id="s-1")
    stage.finish(pod, report, agent_exit=137, phase="Failed")
    retrying = stage.wait_reason("given-up", "Retrying")
    assert _conditions(retrying)["Archived"] == "True"
    stage.change("given-up", cancel=True)
    done = stage.wait_reason("given-up", "Cancelled")
    assert (done["phase"], done["failures"], done["sessionID"]) == ("Cancelled", 1, "s-1")
    assert "between two attempts" in done["message"]
    assert done["artifacts"]["workspace"]["key"] == stage.prefix("given-up") + "workspace.zip"
    assert urllib3.request("GET", done["artifacts"]["downloadURL"]).data == b"archive"
    assert len(stage.jobs_of("given-up")) == 1


@pytest.mark.parametrize("nth", range(4, 7))
def test_killed_after_each_write_of_a_cancel(operator: OperatorProcess, stage: Stage, relay: Relay, nth: int) -> None:
    """Cancelling, deletion, Cancelled: it ends once, with its archive, and no second attempt is made."""
    killed: list[int] = []

    def kill(count: int) -> bool:
        if count < nth or killed:
            return True
        killed.append(count)
        assert operator.process is not None
        operator.process.kill()
        return False

    relay.on_write = kill
    operator.start()
    stage.apply("stopped", backoffLimit=3)
    pod = _running(stage, "stopped")
    stage.change("stopped", cancel=True)
    if nth < 6:
        stage.wait(lambda: killed, "the write after which it is killed")
        operator.kill()
        operator.start()
    _stop(stage, "stopped", pod)
    stage.wait(lambda: killed, "the write after which it is killed")
    if nth == 6:
        operator.kill()
        operator.start()
    done = stage.wait_reason("stopped", "Cancelled")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Cancelled", 1, 0, 0)
    assert done["artifacts"]["downloadURL"]
    assert stage.jobs_of("stopped") == []
    assert len([w for w in relay.of("/jobs") if w.method == "POST" and w.status == 201]) == 1
    assert len([w for w in relay.of("/status") if w.status == 200]) == 3


@pytest.mark.parametrize("nth", range(4, 10))
def test_killed_after_each_write_of_a_suspend_and_a_resume(
    operator: OperatorProcess, stage: Stage, relay: Relay, nth: int
) -> None:
    """Suspending, deletion, Suspended, Resuming, Secret, Job: it goes on once, and nothing is counted."""
    killed: list[int] = []

    def kill(count: int) -> bool:
        if count < nth or killed:
            return True
        killed.append(count)
        assert operator.process is not None
        operator.process.kill()
        return False

    def back() -> bool:
        """Starts it again once it is dead; always False, so that a wait goes on."""
        if killed and killed[-1]:
            operator.kill()
            operator.start()
            killed[-1] = 0
        return False

    relay.on_write = kill
    operator.start()
    stage.apply("twice")
    pod = _running(stage, "twice")
    stage.change("twice", suspend=True)
    stage.wait(lambda: back() or not stage.jobs_of("twice"), "its Job is deleted")
    _stop(stage, "twice", pod)
    stage.wait(lambda: back() or stage.status("twice").get("phase") == "Suspended", "it is suspended")
    stage.change("twice", suspend=False)
    stage.wait(lambda: back() or _only_job(stage, "twice"), "the Job of attempt 2")
    stage.wait(lambda: back() or killed, "the write after which it is killed")
    done = stage.play("twice")
    assert (done["phase"], done["attempts"], done["failures"], done["disruptions"]) == ("Succeeded", 2, 0, 0)
    assert len([w for w in relay.of("/jobs") if w.method == "POST" and w.status == 201]) == 2
