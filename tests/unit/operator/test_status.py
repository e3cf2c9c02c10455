"""What status says, when it is told, and the patch that writes it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import Report, StoredObject, Verdict
from agentjob_api.status import AgentJobStatus, Phase
from agentjob_operator.model import Cause, Ending, Finish, Observed, Plan, Retry, Stage
from agentjob_operator.status import (
    Base,
    Download,
    merge_patch,
    pause,
    settle,
    status_json,
    status_of,
    warning_of,
)
from unit.operator.clusterobjects import NOW, UID, archive, at, at_work, job, pod

RUNS = Observed(1, Stage.RUNNING, job(), pod(**at_work()), agent_started=at(-5))
WAITS = Observed(1, Stage.STARTING, job(), cause=Cause(Reason.UNSCHEDULABLE, "No node fits."))


def _of(
    observed: Observed, current: AgentJobStatus | None = None, plan: Plan | None = None, later: float = 0
) -> AgentJobStatus:
    base = Base(3, current or AgentJobStatus(), NOW + timedelta(seconds=later))
    return status_of(base, observed, plan or Plan(), _sign)


def _sign(stored: StoredObject) -> Download:
    return Download(f"https://store/{stored.key}?signed", NOW + timedelta(hours=1))


def _conditions(status: AgentJobStatus) -> dict[str, tuple[str, str]]:
    return {one.type: (one.status, one.reason) for one in status.conditions}


def _end(reason: Reason, **fields: Any) -> tuple[Observed, Plan]:
    report = Report(uid=UID, attempt=1, verdict=Verdict.SUCCESS, message="I did it.", steps=4, session_id="s1")
    ending = Ending(reason=reason, message="It ended.", report=report, agent_started=at(-60), **fields)
    return Observed(1, Stage.ENDED, job(), pod(), ending=ending), Plan(finish=Finish(reason, "It ended."))


def test_running() -> None:
    """Everything that leads to the pod, and from which generation it was concluded."""
    status = _of(RUNS)
    assert (status.phase, status.reason, status.attempts) == (Phase.RUNNING, "AgentRunning", 1)
    assert (status.job_name, status.pod_name, status.start_time) == ("todo-1", "todo-1-x", at(-5))
    assert status.observed_generation == 3
    assert _conditions(status) == {"Accepted": ("True", "Accepted"), "Started": ("True", "AgentRunning")}


def test_an_attempt_too_short_to_be_seen_at_work_still_says_what_it_resumed_from() -> None:
    """Between its Job and its end the operator may see nothing of it."""
    observed, plan = _end(Reason.COMPLETED)
    status = _of(replace(observed, job=replace(job(), resumed_from=1)), plan=plan)
    assert (status.phase, status.resumed_from_attempt) == (Phase.SUCCEEDED, 1)


def test_the_same_observation_changes_nothing() -> None:
    """Else every event would be a write."""
    once = _of(RUNS)
    assert _of(RUNS, once, later=60) == once


def test_nothing_is_told_of_an_ordinary_start() -> None:
    """A write of its own for `Pending` would be the fifth."""
    assert _of(Observed(1, Stage.STARTING, job())) == AgentJobStatus()


def test_a_waiting_reason_says_what_to_do() -> None:
    """With the action of the table of reasons."""
    status = _of(WAITS)
    assert (status.phase, status.reason) == (Phase.PENDING, "Unschedulable")
    assert status.message == "No node fits. Add a node, or change resources, nodeSelector or tolerations."
    assert _conditions(status) == {"Accepted": ("True", "Accepted"), "Started": ("False", "Unschedulable")}


def test_a_refusal_is_not_accepted() -> None:
    """Pod Security, quota and the like say that the spec may not run here."""
    refused = Observed(1, Stage.ABSENT, cause=Cause(Reason.QUOTA_EXCEEDED, "No room."))
    status = _of(refused)
    assert _conditions(status)["Accepted"] == ("False", "QuotaExceeded")
    assert status.attempts == 0
    assert status.attempt_time == at(0)


def test_last_transition_time_moves_only_on_a_flip() -> None:
    """A new message or reason of the same status keeps it."""
    first = _of(WAITS)
    other = Observed(1, Stage.STARTING, job(), cause=Cause(Reason.IMAGE_PULL_FAILED, "No image."))
    second = _of(other, first, later=60)
    started = next(one for one in second.conditions if one.type == "Started")
    assert (started.reason, started.last_transition_time) == ("ImagePullFailed", at(0))
    third = _of(RUNS, second, later=90)
    started = next(one for one in third.conditions if one.type == "Started")
    assert started.last_transition_time == at(90)


def test_succeeded() -> None:
    """Everything a user wants, and Finished for `kubectl wait`."""
    observed, plan = _end(Reason.COMPLETED, archive=archive())
    status = _of(observed, _of(RUNS), plan)
    assert (status.phase, status.reason, status.completion_time) == (Phase.SUCCEEDED, "Completed", at(0))
    assert (status.result, status.session_id) == ("I did it.", "s1")
    assert status.artifacts is not None
    assert status.artifacts.download_url == f"https://store/{archive().key}?signed"
    assert status.artifacts.expires_at == at(3600)
    assert {name: state for name, (state, _) in _conditions(status).items()} == dict.fromkeys(
        ("Accepted", "Started", "Archived", "Complete", "Finished"), "True"
    )


def test_an_end_before_anything_was_told_was_accepted_all_the_same() -> None:
    """A Job was made: only a refusal, told or seen, says otherwise."""
    plan = Plan(finish=Finish(Reason.REPOSITORY_NOT_FOUND, "No such repository."))
    ending = Ending(reason=Reason.REPOSITORY_NOT_FOUND, message="No such repository.")
    cloned = Observed(1, Stage.ENDED, job(), pod(), ending=ending)
    assert _conditions(_of(cloned, None, plan))["Accepted"] == ("True", "Accepted")
    late = Plan(finish=Finish(Reason.START_DEADLINE_EXCEEDED, "Too late."))
    refused = Observed(1, Stage.STARTING, job(), cause=Cause(Reason.POD_SECURITY_VIOLATION, "No."))
    for current in (None, _of(refused)):
        assert _conditions(_of(refused, current, late))["Accepted"] == ("False", "PodSecurityViolation")
    assert _conditions(_of(cloned, _of(refused), plan))["Accepted"] == ("True", "Accepted")


def test_failed_keeps_the_archive() -> None:
    """What a failed agent left is worth a look."""
    observed, plan = _end(Reason.AGENT_FAILED, archive=archive())
    conditions = _conditions(_of(observed, None, plan))
    assert conditions["Failed"] == ("True", "AgentFailed")
    assert conditions["Finished"][0] == conditions["Archived"][0] == "True"
    assert "Complete" not in conditions


def test_failed_without_an_archive_says_why() -> None:
    """`Archived` False with its own reason."""
    observed, plan = _end(Reason.AGENT_FAILED, archive_reason=Reason.ARCHIVE_TOO_LARGE, archive_message="6 GB.")
    status = _of(observed, None, plan)
    assert _conditions(status)["Archived"] == ("False", "ArchiveTooLarge")
    assert status.artifacts is not None
    assert status.artifacts.download_url is None


def test_a_retry_counts_and_forgets_the_job() -> None:
    """jobUID must be gone: with it, attempt 2 would count as lost."""
    observed, _ = _end(Reason.AGENT_OOM_KILLED)
    plan = Plan(retry=Retry(NOW + timedelta(seconds=10), counts=True))
    status = _of(observed, _of(RUNS), plan)
    assert (status.attempts, status.failures, status.disruptions) == (2, 1, 0)
    assert (status.job_uid, status.pod_name, status.attempt_time) == (None, None, at(10))
    assert (status.phase, status.reason) == (Phase.PENDING, "Retrying")
    assert status.usage is not None
    assert status.usage.steps == 4


def test_usage_adds_up_over_attempts() -> None:
    """Decimal, not floating point."""
    current = AgentJobStatus.model_validate({"usage": {"steps": 1, "costUSD": "0.1", "activeSeconds": 5}})
    observed, plan = _end(Reason.COMPLETED)
    status = _of(observed, current, plan)
    assert status.usage is not None
    assert (status.usage.steps, status.usage.cost_usd, status.usage.active_seconds) == (5, "0.1", 65)


def test_merge_patch_turns_one_into_the_other() -> None:
    """Only what differs; null deletes; lists as a whole (RFC 7386)."""
    current = {"a": 1, "b": {"x": 1, "y": 2}, "c": [1], "d": 4}
    wanted = {"a": 1, "b": {"x": 1, "z": 3}, "c": [1, 2]}
    assert merge_patch(current, wanted) == {"b": {"y": None, "z": 3}, "c": [1, 2], "d": None}
    assert merge_patch(wanted, wanted) == {}


def test_status_json_reads_back() -> None:
    """What is written is what is read."""
    status = _of(*(RUNS,))
    assert AgentJobStatus.model_validate(status_json(status)) == status


def test_a_cause_is_told_when_it_lasts() -> None:
    """Two and a half seconds: a flicker costs no write."""
    told, seen, wait = settle(WAITS, AgentJobStatus(), None, NOW)
    assert told.cause is None
    assert wait == pytest.approx(2.5)
    told, seen, wait = settle(WAITS, AgentJobStatus(), seen, NOW + timedelta(seconds=3))
    assert told.cause == WAITS.cause
    assert wait is None


def test_a_solved_problem_is_told_too() -> None:
    """The reason that stands in status is gone, and the agent has not started yet."""
    waiting = _of(WAITS)
    starts = Observed(1, Stage.STARTING, job())
    _, seen, _ = settle(starts, waiting, None, NOW)
    told, _, _ = settle(starts, waiting, seen, NOW + timedelta(seconds=3))
    assert told.cause is not None
    assert told.cause.reason is Reason.POD_STARTING


def test_differences_in_words_only_are_cosmetic() -> None:
    """They may wait: the scheduler rephrases itself with every node."""
    first = _of(WAITS)
    again = Observed(1, Stage.STARTING, job(), cause=Cause(Reason.UNSCHEDULABLE, "Still no node fits."))
    assert pause(first, _of(again, first), NOW, NOW + timedelta(seconds=29)) == 1
    assert pause(first, _of(again, first), NOW, NOW + timedelta(seconds=30)) is None
    assert pause(first, _of(RUNS, first), NOW, NOW) is None


def test_events_warn_of_what_goes_wrong_only() -> None:
    """The ordinary way costs no write for an Event."""
    observed, plan = _end(Reason.COMPLETED, archive=archive())
    runs = _of(RUNS)
    assert warning_of(AgentJobStatus(), runs) is None
    assert warning_of(runs, _of(observed, runs, plan)) is None
    warning = warning_of(AgentJobStatus(), _of(WAITS))
    assert warning is not None
    assert warning.reason == "Unschedulable"
    assert warning_of(_of(WAITS), _of(WAITS)) is None
