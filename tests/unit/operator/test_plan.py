"""What follows from what is observed: create, retry or finish, and with which budget."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import ProxyUsage, Report, Verdict
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus, Usage
from agentjob_operator.model import Cause, Ending, Finish, Observed, Plan, Retry, Stage
from agentjob_operator.plan import decide, plan, still_runs
from agentjob_operator.usage import add_usage, budget_left
from unit.operator.clusterobjects import NOW, UID, at, at_work, condition, ended, job, pod

CAP = 3


def _spec(**fields: Any) -> AgentJobSpec:
    return AgentJobSpec.model_validate({"task": "x", **fields})


def _status(**fields: Any) -> AgentJobStatus:
    return AgentJobStatus.model_validate(fields)


def _ending(reason: Reason, **usage: Any) -> Ending:
    report = Report(uid=UID, attempt=1, verdict=Verdict.NONE, usage=ProxyUsage(**usage), active_seconds=60, steps=4)
    return Ending(reason=reason, message="It ended.", report=report)


def _plan(spec: AgentJobSpec, status: AgentJobStatus, observed: Observed, **more: Any) -> Plan:
    return plan(spec, status, observed, NOW, disruption_cap=CAP, **more)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_repeated_as_the_table_says(reason: Reason) -> None:
    """The API reference prints that table."""
    outcome = decide(_spec(backoffLimit=1), _status(), _ending(reason), NOW, disruption_cap=CAP)
    repeats = TABLE[reason].effect in (Effect.RETRIES, Effect.DISRUPTS)
    assert isinstance(outcome, Retry if repeats else Finish)


def test_a_crash_counts_against_backoff_limit() -> None:
    """The last one gives the AgentJob its reason."""
    spec, ending = _spec(backoffLimit=2), _ending(Reason.AGENT_CRASHED)
    retry = decide(spec, _status(failures=1), ending, NOW, disruption_cap=CAP)
    assert isinstance(retry, Retry)
    assert retry.counts
    assert decide(spec, _status(failures=2), ending, NOW, disruption_cap=CAP) == Finish(ending.reason, ending.message)


def test_a_disruption_does_not_count_but_has_a_cap() -> None:
    """backoffLimit is 0 here."""
    ending = _ending(Reason.DISRUPTED)
    retry = decide(_spec(), _status(disruptions=2), ending, NOW, disruption_cap=CAP)
    assert isinstance(retry, Retry)
    assert not retry.counts
    end = decide(_spec(), _status(disruptions=3), ending, NOW, disruption_cap=CAP)
    assert isinstance(end, Finish)
    assert end.reason is Reason.TOO_MANY_DISRUPTIONS


def test_pauses_between_attempts_double_up_to_five_minutes() -> None:
    """As a Job does with its pods."""
    spec, ending = _spec(backoffLimit=10), _ending(Reason.MODEL_UNAVAILABLE)
    pauses = []
    for failures in (0, 1, 2, 9):
        retry = decide(spec, _status(failures=failures), ending, NOW, disruption_cap=CAP)
        assert isinstance(retry, Retry)
        pauses.append((retry.not_before - NOW).total_seconds())
    assert pauses == [10, 20, 40, 300]


@pytest.mark.parametrize(
    ("limits", "usage", "reason"),
    [
        ({"tokens": 100}, {"input_tokens": 90, "output_tokens": 10}, Reason.TOKEN_LIMIT),
        ({"costUSD": "1"}, {"cost_usd": "1.00"}, Reason.COST_LIMIT),
        ({"timeoutSeconds": 60}, {}, Reason.TIMEOUT),
        ({"steps": 4}, {}, Reason.STEP_LIMIT),
    ],
)
def test_without_a_budget_there_is_no_other_attempt(
    limits: dict[str, Any], usage: dict[str, Any], reason: Reason
) -> None:
    """Limits are over all attempts."""
    end = decide(
        _spec(backoffLimit=5, limits=limits), _status(), _ending(Reason.AGENT_CRASHED, **usage), NOW, disruption_cap=CAP
    )
    assert isinstance(end, Finish)
    assert end.reason is reason


def test_the_next_attempt_gets_what_is_left() -> None:
    """Not the whole again."""
    spec = _spec(limits={"tokens": 1000, "costUSD": "2", "timeoutSeconds": 600, "steps": 10})
    spent = Usage(steps=4, input_tokens=300, output_tokens=100, cost_usd="0.5", active_seconds=60)
    todo = _plan(spec, _status(attempts=2, usage=spent.model_dump(by_alias=True)), Observed(2, Stage.ABSENT))
    assert todo.create is not None
    assert (todo.create.tokens, todo.create.cost_usd, todo.create.timeout_seconds) == (600, Decimal("1.5"), 540)
    assert todo.create.steps == 6


def test_an_attempt_without_a_report_is_not_free() -> None:
    """It was evicted: what the proxy had counted by then is spent."""
    spec = _spec(limits={"tokens": 1000})
    usage = ProxyUsage(requests=2, input_tokens=900, output_tokens=50, cost_usd="0.25")
    ending = Ending(reason=Reason.DISRUPTED, message="It was evicted.", usage=usage)
    spent = add_usage(_status(usage={"inputTokens": 10, "costUSD": "0.5"}), ending, NOW)
    assert (spent.requests, spent.input_tokens, spent.output_tokens, spent.cost_usd) == (2, 910, 50, "0.75")
    assert budget_left(spec, spent).tokens == 40
    second = decide(spec, _status(usage={"inputTokens": 100}), ending, NOW, disruption_cap=CAP)
    assert isinstance(second, Finish)
    assert second.reason is Reason.TOKEN_LIMIT


def test_the_next_attempt_waits_for_its_time() -> None:
    """`attemptTime` holds it over a restart."""
    status = _status(attempts=2, reason="Retrying", attemptTime=at(7))
    todo = _plan(_spec(), status, Observed(2, Stage.ABSENT))
    assert todo.create is None
    assert todo.requeue_seconds == pytest.approx(7)
    assert _plan(_spec(), _status(attempts=2, reason="Retrying", attemptTime=at(-1)), Observed(2, Stage.ABSENT)).create


def test_the_start_deadline_ends_a_wait_and_its_job() -> None:
    """The message names the cause."""
    waits = Observed(1, Stage.STARTING, job(created=at(-600)), cause=Cause(Reason.UNSCHEDULABLE, "No node fits."))
    todo = _plan(_spec(), _status(), waits)
    assert todo.finish is not None
    assert todo.finish.reason is Reason.START_DEADLINE_EXCEEDED
    assert "No node fits." in todo.finish.message
    assert [each.name for each in todo.delete] == ["todo-1"]
    early = _plan(_spec(), _status(), Observed(1, Stage.STARTING, job(created=at(-599))))
    assert early.finish is None
    assert early.requeue_seconds == pytest.approx(1)


def test_a_start_deadline_without_a_cause_says_where_to_look() -> None:
    """It must not speak of a cause that it does not name."""
    silent = _plan(_spec(), _status(), Observed(1, Stage.STARTING, job(created=at(-600)), pod({"phase": "Pending"})))
    assert silent.finish is not None
    assert "names no cause" in silent.finish.message
    assert "kubectl describe pod todo-1-x -n ns" in silent.finish.message


def test_a_long_clone_is_no_wait() -> None:
    """The deadline is for what the cluster lacks, not for what prepare does."""
    clones = Observed(1, Stage.STARTING, job(created=at(-6000)), preparing=True, secret_proven=True)
    assert _plan(_spec(), _status(), clones).finish is None
    assert _plan(_spec(), _status(), clones).requeue_seconds is not None, "its end is no event that is acted on"


@pytest.mark.parametrize(("prepared", "ended"), [(0, True), (60, False), (59, True)])
def test_what_is_waited_for_after_a_clone_has_the_rest_of_the_deadline(prepared: int, ended: bool) -> None:
    """An agent's image that never comes ends, and a long clone alone does not."""
    pulls = Observed(1, Stage.STARTING, job(created=at(-659)), secret_proven=True, prepared=timedelta(seconds=prepared))
    assert (_plan(_spec(), _status(), pulls).finish is not None) is ended


def test_an_operator_that_was_down_does_not_make_a_deadline_pass() -> None:
    """An old AgentJob that was never tried is tried."""
    assert _plan(_spec(), _status(), Observed(1, Stage.ABSENT)).create is not None
    retrying = _status(attempts=2, reason="Retrying", attemptTime=at(-9000))
    assert _plan(_spec(), retrying, Observed(2, Stage.ABSENT)).create is not None


def test_what_was_refused_for_too_long_ends() -> None:
    """A quota that has no room for ten minutes."""
    status = _status(reason="QuotaExceeded", message="There is no quota for it.", attemptTime=at(-600))
    todo = _plan(_spec(), status, Observed(1, Stage.ABSENT))
    assert todo.finish is not None
    assert "no quota" in todo.finish.message


def test_a_job_whose_secret_is_not_proven_gets_it_again() -> None:
    """The process died between the two creates; the Job came first."""
    assert _plan(_spec(), _status(), Observed(1, Stage.STARTING, job())).create_secret is not None
    assert _plan(_spec(), _status(), Observed(1, Stage.STARTING, job(), secret_proven=True)).create_secret is None


def test_an_earlier_attempt_that_still_runs_is_ended() -> None:
    """The process died between writing the retry and deleting the Job."""
    alive, finished = pod(**at_work()), pod({"phase": "Failed"}, **at_work(agent=ended(1), courier=ended()))
    assert still_runs(job(), alive)
    assert not still_runs(job(), finished)
    assert not still_runs(job(condition("Failed")), alive)
    todo = _plan(_spec(), _status(attempts=2), Observed(2, Stage.ABSENT), older=[(job(), alive)])
    assert [each.name for each in todo.delete] == ["todo-1"]
