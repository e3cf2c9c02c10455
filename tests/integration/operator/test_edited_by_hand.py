"""Somebody edits what is the operator's: it puts right what it knows better, and runs nothing twice."""

from typing import Any

import pytest
from apiserver.client import MERGE_PATCH
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage


def _edit(stage: Stage, name: str, status: dict[str, Any] | None) -> None:
    path = stage.path("agentjobs", name) + "/status"
    headers = {"Content-Type": MERGE_PATCH}
    stage.api.request("PATCH", path, {"status": status}, headers=headers).or_fail()


@pytest.mark.parametrize(
    "edit",
    [
        None,
        {"phase": "Pending", "reason": "Unschedulable"},
        {"phase": "Suspended", "reason": "Suspended"},
        {"jobUID": None, "jobName": None, "podName": None, "attempts": 0},
        {"conditions": []},
    ],
    ids=["wiped", "Pending", "Suspended", "no Job", "no conditions"],
)
def test_a_status_edited_while_it_runs_is_put_right(
    operator: OperatorProcess, stage: Stage, relay: Relay, edit: dict[str, Any] | None
) -> None:
    """Nothing in it is the only record of anything but past attempts; the Job is still its own."""
    operator.start()
    stage.apply("edited")
    job = stage.job("edited")
    pod = stage.make_pod(job)
    stage.run(pod)
    told = stage.wait_reason("edited", "AgentRunning")
    _edit(stage, "edited", edit)
    if edit != {"phase": "Suspended", "reason": "Suspended"}:
        again = stage.wait(lambda: _same(stage.status("edited"), told), "it is put right")
        assert again
        stage.succeed("edited", pod)
        assert stage.wait_reason("edited", "Completed")["attempts"] == 1
        assert [one["metadata"]["uid"] for one in stage.jobs_of("edited")] == [job["metadata"]["uid"]]
    else:
        # It believes that the attempt is over: that is ended, and another one made, as nobody asks to hold it back.
        assert stage.play("edited")["phase"] == "Succeeded"
    assert "a bug" not in operator.log.read_text()


def _same(status: dict[str, Any], told: dict[str, Any]) -> bool:
    names = ("phase", "reason", "attempts", "jobUID", "podName")
    conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
    return {n: status.get(n) for n in names} == {n: told[n] for n in names} and conditions.get("Started") == "True"


def test_a_jobuid_that_is_none_of_its_own_ends_it(operator: OperatorProcess, stage: Stage) -> None:
    """The attempt it names is nowhere: lost, and not run a second time beside the one that still runs."""
    operator.start()
    stage.apply("misled")
    stage.run(stage.make_pod(stage.job("misled")))
    stage.wait_reason("misled", "AgentRunning")
    _edit(stage, "misled", {"jobUID": "00000000-0000-0000-0000-000000000000"})
    assert stage.wait_reason("misled", "AttemptLost")["phase"] == "Failed"
    assert len(stage.jobs_of("misled")) <= 1


def test_a_terminal_phase_written_by_hand_is_the_end(operator: OperatorProcess, stage: Stage) -> None:
    """It can never be taken back (the API server refuses that), so it is believed; nothing more is written."""
    operator.start()
    stage.apply("ended")
    pod = stage.make_pod(stage.job("ended"))
    stage.run(pod)
    stage.wait_reason("ended", "AgentRunning")
    _edit(stage, "ended", {"phase": "Failed", "reason": "AgentFailed"})
    back = stage.api.patch(stage.path("agentjobs", "ended") + "/status", {"status": {"phase": "Running"}})
    assert (back.status, "never changes" in back.message) == (422, True)
    stage.succeed("ended", pod)
    stage.apply("next")
    assert stage.play("next")["phase"] == "Succeeded"
    assert stage.status("ended")["reason"] == "AgentFailed"
