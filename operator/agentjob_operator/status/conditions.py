"""Conditions as the Kubernetes API conventions want them: one of each type, `lastTransitionTime` moves only when `status` flips."""

from typing import Final, Literal

from agentjob_api.reasons import Reason
from agentjob_api.status import Condition, ConditionType

ORDER: Final = tuple(ConditionType)
MAX_MESSAGE: Final = 1024


def condition(
    type_: ConditionType, status: Literal["True", "False", "Unknown"], reason: Reason, message: str
) -> Condition:
    """A condition without its times: `merge` fills them in."""
    return Condition(type=type_, status=status, reason=reason, message=message[:MAX_MESSAGE], last_transition_time="")


def merge(
    current: tuple[Condition, ...], wanted: list[Condition], *, generation: int, now: str
) -> tuple[Condition, ...]:
    """`wanted` over `current`; types that are not wanted stay. `now` is RFC 3339."""
    known = {one.type: one for one in current}
    for new in wanted:
        old = known.get(new.type)
        flipped = old is None or old.status != new.status
        time = now if old is None or flipped else old.last_transition_time
        known[new.type] = new.model_copy(update={"last_transition_time": time, "observed_generation": generation})
    return tuple(sorted(known.values(), key=lambda one: _position(one.type)))


def _position(type_: str) -> int:
    return ORDER.index(ConditionType(type_)) if type_ in ORDER else len(ORDER)
