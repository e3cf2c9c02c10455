"""What `cancel` and `suspend` ask for in each stage, and what an end means that they asked for."""

from dataclasses import replace
from typing import Any

import pytest
from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import Report, StoredObject, Verdict
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus
from agentjob_operator import halting
from agentjob_operator.model import Ending, Finish, Halt, Observed, Plan, Stage, Suspend
from agentjob_operator.objects import Job
from unit.operator.clusterobjects import UID, at, job

OLDER = replace(job(), name="todo-0", uid="older")
STORED = StoredObject(key="k", bytes=1, sha256="0" * 64)


def _spec(**fields: Any) -> AgentJobSpec:
    return AgentJobSpec.model_validate({"task": "x", **fields})


def _status(**fields: Any) -> AgentJobStatus:
    return AgentJobStatus.model_validate(fields)


def _observed(stage: Stage = Stage.RUNNING, its: Job | None = None, **fields: Any) -> Observed:
    return Observed(1, stage, its or job(), **fields)


def _ending(reason: Reason, **fields: Any) -> Ending:
    report = Report(uid=UID, attempt=1, verdict=Verdict.NONE, **fields)
    return Ending(reason=reason, message="It ended.", report=report, archive_message="The store is down.")


@pytest.mark.parametrize(
    ("asked", "wish"),
    [
        ({}, None),
        ({"suspend": True}, Reason.SUSPENDING),
        ({"cancel": True}, Reason.CANCELLING),
        ({"cancel": True, "suspend": True}, Reason.CANCELLING),
    ],
)
def test_cancel_wins_over_suspend(asked: dict[str, bool], wish: Reason | None) -> None:
    """It cannot be taken back, the other can."""
    assert halting.wish(_spec(**asked), _status(), _observed()) is wish


def test_a_suspend_that_is_taken_back_holds_once_the_job_is_going() -> None:
    """Nobody can stop a deletion; before it there is nothing to hold on to."""
    going, told = replace(job(), deleting=True), _status(reason="Suspending")
    assert halting.wish(_spec(), told, _observed(its=going)) is Reason.SUSPENDING
    assert halting.wish(_spec(), told, Observed(1, Stage.RUNNING, None)) is Reason.SUSPENDING
    assert halting.wish(_spec(), told, _observed()) is None
    assert halting.wish(_spec(), _status(reason="AgentRunning"), _observed(its=going)) is None


def test_before_there_is_a_job_nothing_is_waited_for() -> None:
    """What is left of earlier attempts is ended all the same."""
    left = (OLDER,)
    assert halting.before_it_exists(_spec(), _status(), left, untouched=True) is None
    cancelled = halting.before_it_exists(_spec(cancel=True), _status(), left, untouched=True)
    assert cancelled == Plan(finish=Finish(Reason.CANCELLED, "It was cancelled before an agent started."), delete=left)
    later = halting.before_it_exists(_spec(cancel=True), _status(startTime=at(0)), left, untouched=False)
    assert later is not None
    assert later.finish == Finish(Reason.CANCELLED, "It was cancelled between two attempts.")


@pytest.mark.parametrize(("untouched", "attempts"), [(True, 0), (False, None)])
def test_one_that_nothing_was_made_for_keeps_its_first_attempt(untouched: bool, attempts: int | None) -> None:
    """Of another one it is not known, so its number is used up."""
    plan = halting.before_it_exists(_spec(suspend=True), _status(), (), untouched=untouched)
    assert plan == Plan(suspend=Suspend(halting.NOT_STARTED, attempts=attempts))


@pytest.mark.parametrize("asked", [Reason.CANCELLING, Reason.SUSPENDING])
def test_a_running_agent_is_told_to_stop_and_its_end_waited_for(asked: Reason) -> None:
    """Its Job is deleted once; status says it before."""
    running = _observed(recheck_seconds=5)
    plan = halting.while_it_exists(asked, running, (OLDER,))
    assert plan == Plan(halt=Halt(asked), delete=(OLDER, job()), requeue_seconds=5)
    assert not plan.delete_first
    gone = halting.while_it_exists(asked, _observed(its=replace(job(), deleting=True)), (OLDER,))
    assert gone.delete == (OLDER,)
    preparing = halting.while_it_exists(asked, _observed(Stage.STARTING, secret_proven=True), ())
    assert preparing.halt == Halt(asked), "a container has started: something may be in the workspace"


def test_one_of_which_nothing_has_started_ends_at_once() -> None:
    """The Job goes before a terminal status: nobody looks after it later. A suspended one is looked after."""
    starting = _observed(Stage.STARTING)
    cancelled = halting.while_it_exists(Reason.CANCELLING, starting, ())
    assert cancelled.finish is not None
    assert (cancelled.delete, cancelled.delete_first) == ((job(),), True)
    suspended = halting.while_it_exists(Reason.SUSPENDING, starting, ())
    assert (suspended.suspend, suspended.delete) == (Suspend(halting.NOT_STARTED), (job(),))


def test_a_suspended_one_goes_on_or_ends_as_it_is_asked() -> None:
    """And does nothing as long as nobody asks."""
    assert halting.while_suspended(_spec(suspend=True), ()) == Plan()
    assert halting.while_suspended(_spec(), (OLDER,)) == Plan(resume=True, delete=(OLDER,))
    ended = halting.while_suspended(_spec(cancel=True, suspend=True), (OLDER,))
    assert ended.finish == Finish(Reason.CANCELLED, "It was cancelled while it was suspended.")
    assert (ended.delete, ended.delete_first) == ((OLDER,), True)


@pytest.mark.parametrize("reason", list(Reason))
def test_what_the_agent_decided_counts(reason: Reason) -> None:
    """Only an end that says nothing of the task is that of who stopped it."""
    ending = _ending(reason)
    stopped = TABLE[reason].effect in (Effect.RETRIES, Effect.DISRUPTS)
    assert halting.after(None, ending) is None
    assert isinstance(halting.after(Reason.CANCELLING, ending), Finish) is stopped
    assert isinstance(halting.after(Reason.SUSPENDING, ending), Suspend) is stopped


def test_what_was_stored_is_told_and_what_was_not() -> None:
    """The sentence is all that a person sees before they resume or download."""
    ending = _ending(Reason.DISRUPTED)
    lost = halting.after(Reason.CANCELLING, ending)
    assert lost == Finish(Reason.CANCELLED, "It was cancelled. The workspace could not be archived: The store is down.")
    kept = halting.after(Reason.CANCELLING, replace(ending, archive=STORED))
    assert kept == Finish(Reason.CANCELLED, "It was cancelled. What was in the workspace is archived.")
    good = halting.after(Reason.SUSPENDING, _ending(Reason.DISRUPTED, checkpoint=STORED))
    assert good == Suspend("It is suspended. Its workspace and its conversation are stored.")
    bad = halting.after(Reason.SUSPENDING, _ending(Reason.DISRUPTED, checkpoint_message="too large"))
    assert isinstance(bad, Suspend)
    assert "no checkpoint: too large. It will go on from the newest one in the store" in bad.message
