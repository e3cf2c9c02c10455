"""What is waited for is told when it lasts, not when it flickers: each telling is a write. Pure."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.status import AgentJobStatus

from agentjob_operator.model import Cause, Observed, Stage
from agentjob_operator.objects import moment
from agentjob_operator.status.beside import TYPES

GRACE: Final = timedelta(seconds=2.5)
"""A cause that lasts as long is told."""
SLOW_START: Final = timedelta(seconds=60)
"""An ordinary start that takes longer is told, too."""
STARTING: Final = Cause(Reason.POD_STARTING, "The pod is being scheduled, its images pulled, its workspace prepared.")
COSMETIC_PAUSE: Final = timedelta(seconds=30)
"""Between two writes that change nothing but messages, or what desktop and notebook do once they have started."""
BESIDE_PATIENCE: Final = timedelta(seconds=20)
"""Desktop and notebook get ready one after the other: that is told once, for both, unless one takes longer."""

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


def pause(current: AgentJobStatus, wanted: AgentJobStatus, patched_at: datetime | None, now: datetime) -> float | None:
    """Seconds to wait before `wanted` is written; None when it is worth a write now."""
    if patched_at is None or _essence(current, but=TYPES) != _essence(wanted, but=TYPES):
        return None
    least = COSMETIC_PAUSE
    if _essence(current) != _essence(wanted) and _starting_beside(current):
        if not _starting_beside(wanted):
            return None
        least = BESIDE_PATIENCE
    left = (least - (now - patched_at)).total_seconds()
    return left if left > 0 else None


def _starting_beside(status: AgentJobStatus) -> bool:
    return any(one.type in TYPES and one.reason == Reason.STARTING for one in status.conditions)


def _essence(status: AgentJobStatus, *, but: Collection[str] = ()) -> tuple[object, ...]:
    conditions = tuple((one.type, one.status, one.reason) for one in status.conditions if one.type not in but)
    return (
        *(status.phase, status.reason, status.attempts, status.job_uid, status.pod_name, status.observed_generation),
        conditions,
    )


def _starting(observed: Observed, current: AgentJobStatus, now: datetime) -> Cause | None:
    recovered = current.reason is not None and TABLE[Reason(current.reason)].effect is Effect.WAITS
    told = current.reason == Reason.POD_STARTING
    slow = observed.job is not None and now - moment(observed.job.created) >= SLOW_START
    return STARTING if recovered or told or slow else None
