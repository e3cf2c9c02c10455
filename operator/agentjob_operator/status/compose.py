"""The status that follows from what is observed and planned. Pure."""

from dataclasses import replace
from typing import Any, Final

from agentjob_api.reasons import Reason
from agentjob_api.status import AgentJobStatus, Condition, ConditionType, Phase

from agentjob_operator.model import Cause, Ending, Finish, Observed, Plan, Retry, Stage
from agentjob_operator.status import halted
from agentjob_operator.status.base import MAX_MESSAGE, NO_POD, Base, Sign, identity, sentence
from agentjob_operator.status.beside import when_over, while_running
from agentjob_operator.status.conditions import condition
from agentjob_operator.status.results import archived, results
from agentjob_operator.status.times import rfc3339

REFUSED: Final = frozenset(
    {Reason.JOB_CREATE_REFUSED, Reason.NAME_CONFLICT, Reason.POD_SECURITY_VIOLATION, Reason.QUOTA_EXCEEDED}
)
"""Waiting reasons that say that the spec may not run here at all: Accepted is False."""


def status_of(base: Base, observed: Observed, plan: Plan, sign: Sign) -> AgentJobStatus:
    """The whole status; `base.current` when there is nothing to tell. `sign` is called at an end only."""
    if plan.finish is not None:
        ended = halted.cancelled if plan.finish.reason is Reason.CANCELLED else _finished
        return ended(base, observed, plan.finish, sign)
    if plan.suspend is not None:
        return halted.suspended(base, observed, plan.suspend, sign)
    if plan.resume:
        return halted.resuming(base)
    if plan.retry is not None and observed.ending is not None:
        return _retrying(base, observed, observed.ending, plan.retry, sign)
    if plan.halt is not None:
        return halted.halting(base, observed, plan.halt)
    if observed.stage is Stage.RUNNING:
        return _running(base, observed)
    if observed.cause is not None:
        return _waiting(base, observed, observed.cause)
    return base.current


def _running(base: Base, observed: Observed) -> AgentJobStatus:
    current = base.current
    pod_name = observed.pod.name if observed.pod else current.pod_name
    about = identity(current, observed)
    resumed = about["resumed_from_attempt"]
    works = "The agent works." if resumed is None else f"The agent goes on from the checkpoint of attempt {resumed}."
    message = f"{works} Follow it: kubectl logs -f {pod_name} -c agent"
    conditions = [
        condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, ""),
        condition(ConditionType.STARTED, "True", Reason.AGENT_RUNNING, ""),
    ]
    beside, access = while_running(current, observed, base.links)
    started = current.start_time or observed.agent_started or rfc3339(base.now)
    return base.with_(
        conditions + beside,
        **about,
        **access,
        phase=Phase.RUNNING,
        reason=Reason.AGENT_RUNNING,
        message=message,
        start_time=started,
    )


def _waiting(base: Base, observed: Observed, cause: Cause) -> AgentJobStatus:
    current, reason = base.current, cause.reason
    message = sentence(reason, cause.message)
    accepted = reason not in REFUSED
    conditions = [
        condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, "")
        if accepted
        else condition(ConditionType.ACCEPTED, "False", reason, message),
        condition(ConditionType.STARTED, "False", reason, message),
    ]
    fresh = current.attempt_time is None or current.reason in (Reason.RETRYING, Reason.RESUMING)
    return base.with_(
        conditions,
        **identity(current, observed),
        phase=Phase.PENDING,
        reason=reason,
        message=message,
        attempt_time=rfc3339(base.now) if fresh else current.attempt_time,
    )


def _retrying(base: Base, observed: Observed, ending: Ending, retry: Retry, sign: Sign) -> AgentJobStatus:
    """What the attempt archived is recorded: whoever cancels in the pause has that, and who waits can look at it."""
    current = base.current
    why = f"Attempt {observed.attempt} ended ({ending.reason}): {ending.message}"
    message = f"{why} Attempt {observed.attempt + 1} follows."[:MAX_MESSAGE]
    beside, access = when_over(current, replace(observed, beside={}), base.links, base.now)
    told = [] if ending.archive is None else archived(ending)
    return base.with_(
        [condition(ConditionType.STARTED, "False", Reason.RETRYING, message), *told, *beside],
        **{**results(base, ending, sign), **access, **NO_POD},
        phase=Phase.PENDING,
        reason=Reason.RETRYING,
        message=message,
        attempts=observed.attempt + 1,
        attempt_time=rfc3339(retry.not_before),
    )


def _finished(base: Base, observed: Observed, finish: Finish, sign: Sign) -> AgentJobStatus:
    reason, ending = finish.reason, observed.ending
    succeeded = reason is Reason.COMPLETED
    message = sentence(reason, finish.message)
    end = ConditionType.COMPLETE if succeeded else ConditionType.FAILED
    conditions = [
        *_started(base.current, observed, reason, message),
        *archived(ending),
        condition(end, "True", reason, message),
        condition(ConditionType.FINISHED, "True", reason, message),
    ]
    fields: dict[str, Any] = {} if ending is None else results(base, ending, sign)
    beside, access = when_over(base.current, observed, base.links, base.now)
    return base.with_(
        conditions + beside,
        **identity(base.current, observed),
        **access,
        phase=Phase.SUCCEEDED if succeeded else Phase.FAILED,
        reason=reason,
        message=message,
        completion_time=rfc3339(base.now),
        **fields,
    )


def _started(current: AgentJobStatus, observed: Observed, reason: Reason, message: str) -> list[Condition]:
    ending = observed.ending
    ran = ending is not None and bool(ending.agent_started or ending.report)
    accepted = condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, "")
    if ran:
        return [accepted, condition(ConditionType.STARTED, "True", Reason.AGENT_RUNNING, "")]
    started = condition(ConditionType.STARTED, "False", reason, message)
    # A refusal that was told stays, unless a pod came after all.
    told = any(one.type == ConditionType.ACCEPTED for one in current.conditions)
    if told and observed.pod is None:
        return [started]
    if observed.cause is not None and observed.cause.reason in REFUSED:
        return [condition(ConditionType.ACCEPTED, "False", observed.cause.reason, message), started]
    return [accepted, started]
