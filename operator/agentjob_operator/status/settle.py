"""What is waited for is told when it lasts, not when it flickers: each telling is a write. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.status import AgentJobStatus

from agentjob_operator.model import Cause, Observed, Stage
from agentjob_operator.objects import moment

GRACE: Final = timedelta(seconds=2.5)
"""A cause that lasts as long is told."""
SLOW_START: Final = timedelta(seconds=60)
"""An ordinary start that takes longer is told, too."""
STARTING: Final = Cause(Reason.POD_STARTING, "The pod is being scheduled, its images pulled, its workspace prepared.")
COSMETIC_PAUSE: Final = timedelta(seconds=30)
"""Between two writes that change nothing but messages."""

Seen = tuple[Reason, datetime] | None
"""The cause that was last seen, and since when."""


def settle(
    observed: Observed, current: AgentJobStatus, seen: Seen, now: datetime
) -> tuple[Observed, Seen, float | None]:
    """`observed` with the cause to tell (or none), what is seen now, and when to look again."""
    if observed.stage is not Stage.STARTING:
        return observed, None, None
    cause = observed.cause or _starting(observed, current, now)
    if cause is None:
        slow = None if observed.job is None else moment(observed.job.created) + SLOW_START - now
        return observed, None, None if slow is None else slow.total_seconds()
    since = seen[1] if seen is not None and seen[0] is cause.reason else now
    if current.reason == cause.reason or now - since >= GRACE:
        return replace(observed, cause=cause), (cause.reason, since), None
    return replace(observed, cause=None), (cause.reason, since), (GRACE - (now - since)).total_seconds()


def cosmetic(current: AgentJobStatus, wanted: AgentJobStatus) -> bool:
    """They differ in messages only."""
    return _essence(current) == _essence(wanted)


def _essence(status: AgentJobStatus) -> tuple[object, ...]:
    conditions = tuple((one.type, one.status, one.reason) for one in status.conditions)
    return (
        *(status.phase, status.reason, status.attempts, status.job_uid, status.pod_name, status.observed_generation),
        conditions,
    )


def _starting(observed: Observed, current: AgentJobStatus, now: datetime) -> Cause | None:
    recovered = current.reason is not None and TABLE[Reason(current.reason)].effect is Effect.WAITS
    told = current.reason == Reason.POD_STARTING
    slow = observed.job is not None and now - moment(observed.job.created) >= SLOW_START
    return STARTING if recovered or told or slow else None
