"""What to do about what is observed: create, retry, suspend, finish, delete, look again. Pure.

The effect of each reason (`agentjob_api.reasons.TABLE`) decides whether an attempt is repeated; the limits decide whether it may be.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from agentjob_api.pod import Container as Name
from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus, Usage

from agentjob_operator import halting
from agentjob_operator.model import Budget, Ending, Finish, Observed, Plan, Retry, Stage, Suspend
from agentjob_operator.objects import Job, Pod, moment
from agentjob_operator.usage import add_usage, budget_left, spent_reason

RETRY_BASE: Final = timedelta(seconds=10)
RETRY_MAXIMUM: Final = timedelta(minutes=5)
"""Between attempts, doubling, as Jobs do with their pods."""
DISRUPTION_PAUSE: Final = timedelta(seconds=2)
PREPARING_POLL_SECONDS: Final = 30.0
"""An ordinary end of `prepare` is no event that is acted on; from then on the start deadline counts again."""
BETWEEN: Final = frozenset({Reason.RETRYING, Reason.RESUMING})
"""Reasons that say that an attempt is to be made: it has not begun to wait."""


def plan(
    spec: AgentJobSpec,
    status: AgentJobStatus,
    observed: Observed,
    now: datetime,
    *,
    disruption_cap: int,
    older: Iterable[tuple[Job, Pod | None]] = (),
    untouched: bool = False,
) -> Plan:
    """`older` are the Jobs of earlier attempts with their pods: one that still runs is ended. `untouched`: nothing was ever created."""
    leftovers = tuple(job for job, pod in older if still_runs(job, pod))
    asked = halting.wish(spec, status, observed)
    if observed.stage is Stage.SUSPENDED:
        own = observed.job is not None and still_runs(observed.job, observed.pod)
        return halting.while_suspended(spec, (*leftovers, observed.job) if own and observed.job else leftovers)
    if (ending := observed.ending) is not None:
        return _ended(
            decide(spec, status, ending, now, disruption_cap=disruption_cap, asked=asked), spec, observed, leftovers
        )
    left = budget_left(spec, status.usage or Usage())
    if observed.stage is Stage.ABSENT:
        held = halting.before_it_exists(spec, status, leftovers, untouched=untouched)
        return held or _absent(spec, status, left, now, leftovers)
    if asked is not None:
        return halting.while_it_exists(asked, observed, leftovers)
    if observed.stage is Stage.STARTING:
        return _starting(spec, observed, left, now, leftovers)
    return Plan(delete=leftovers, requeue_seconds=observed.recheck_seconds)


def _ended(
    outcome: Retry | Suspend | Finish, spec: AgentJobSpec, observed: Observed, leftovers: tuple[Job, ...]
) -> Plan:
    nobody_stays = spec.cancel or not isinstance(outcome, Finish)
    alive = observed.ending is not None and observed.ending.alive
    unfinished = alive or _keeps_its_pod(spec, observed, nobody_stays=nobody_stays)
    delete = (*leftovers, observed.job) if unfinished and observed.job is not None else leftovers
    if isinstance(outcome, Retry):
        return Plan(retry=outcome, delete=delete)
    if isinstance(outcome, Suspend):
        return Plan(suspend=outcome, delete=delete)
    return Plan(finish=outcome, delete=delete)


def _keeps_its_pod(spec: AgentJobSpec, observed: Observed, *, nobody_stays: bool) -> bool:
    """The pod would not end, or not soon, although nobody is served by it."""
    lingers = spec.linger_seconds > 0 and any(one.alive for one in observed.beside.values())
    held = any(one.held for one in observed.beside.values())
    return (nobody_stays and lingers) or (held and not lingers)


def still_runs(job: Job, pod: Pod | None) -> bool:
    """Something of the Job may still be running, or may come to."""
    if job.deleting or job.condition("Failed", "Complete") is not None:
        return False
    if pod is None:
        return True
    if pod.gone or pod.phase in ("Failed", "Succeeded"):
        return False
    main = [pod.containers[name] for name in (Name.AGENT, Name.COURIER) if name in pod.containers]
    return not main or any(container.terminated is None for container in main)


def _absent(
    spec: AgentJobSpec, status: AgentJobStatus, left: Budget, now: datetime, leftovers: tuple[Job, ...]
) -> Plan:
    told = status.reason if status.reason not in BETWEEN else None
    if status.reason == Reason.RETRYING and status.attempt_time and now < moment(status.attempt_time):
        return Plan(delete=leftovers, requeue_seconds=(moment(status.attempt_time) - now).total_seconds())
    if told is not None and status.attempt_time and _deadline(spec, status.attempt_time) <= now:
        return Plan(finish=_too_late(spec, status.message or ""), delete=leftovers)
    return Plan(create=left, delete=leftovers)


def _starting(spec: AgentJobSpec, observed: Observed, left: Budget, now: datetime, leftovers: tuple[Job, ...]) -> Plan:
    secret = None if observed.secret_proven or observed.job is None else left
    waits: list[float] = [] if observed.recheck_seconds is None else [observed.recheck_seconds]
    if observed.preparing:
        waits.append(PREPARING_POLL_SECONDS)
    elif observed.job is not None:
        deadline = _deadline(spec, observed.job.created) + observed.prepared
        if deadline <= now:
            why = observed.cause.message if observed.cause else _still_creating(observed.pod)
            return Plan(finish=_too_late(spec, why), delete=(*leftovers, observed.job))
        waits.append((deadline - now).total_seconds())
    return Plan(create_secret=secret, delete=leftovers, requeue_seconds=min(waits, default=None))


def _still_creating(pod: Pod | None) -> str:
    if pod is None:
        return "The cluster made no pod, and says nothing about why."
    look = f"kubectl describe pod {pod.name} -n {pod.namespace}"
    return f"The cluster names no cause: the containers of its pod were still being created ({look} tells more)."


def _deadline(spec: AgentJobSpec, since: str) -> datetime:
    return moment(since) + timedelta(seconds=spec.limits.start_deadline_seconds)


def _too_late(spec: AgentJobSpec, why: str) -> Finish:
    seconds = spec.limits.start_deadline_seconds
    return Finish(Reason.START_DEADLINE_EXCEEDED, f"It could not start within {seconds} seconds. {why}")


def decide(
    spec: AgentJobSpec,
    status: AgentJobStatus,
    ending: Ending,
    now: datetime,
    *,
    disruption_cap: int,
    asked: Reason | None = None,
) -> Retry | Suspend | Finish:
    """Whether another attempt follows an ending, and whether by itself. `asked`: as `halting.wish` has it."""
    halted = halting.after(asked, ending)
    if isinstance(halted, Finish):
        return halted
    effect = TABLE[ending.reason].effect
    if effect not in (Effect.RETRIES, Effect.DISRUPTS):
        return Finish(ending.reason, ending.message)
    if halted is None and effect is Effect.RETRIES and status.failures >= spec.backoff_limit:
        return Finish(ending.reason, ending.message)
    if halted is None and effect is Effect.DISRUPTS and status.disruptions >= disruption_cap:
        times = f"It was disrupted {status.disruptions + 1} times; the last time: {ending.message}"
        return Finish(Reason.TOO_MANY_DISRUPTIONS, times)
    spent = spent_reason(budget_left(spec, add_usage(status, ending, now)))
    if spent is not None:
        return Finish(spent, f"Nothing is left for another attempt after this: {ending.message}")
    if halted is not None:
        return halted
    if effect is Effect.DISRUPTS:
        return Retry(now + DISRUPTION_PAUSE, counts=False)
    pause = min(RETRY_BASE * 2**status.failures, RETRY_MAXIMUM)
    return Retry(now + pause, counts=True)
