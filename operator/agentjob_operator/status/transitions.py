"""Which changes of status are worth a Kubernetes Event: only what went wrong.

An Event is a write like any other, and the ordinary way of an AgentJob shall cost four (DESIGN §6): its progress is in the conditions.
"""

from dataclasses import dataclass

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.status import AgentJobStatus

WARN: frozenset[Effect] = frozenset({Effect.WAITS, Effect.RETRIES, Effect.DISRUPTS, Effect.ENDS})


@dataclass(frozen=True)
class Warning_:  # noqa: N801 - `Warning` is a builtin
    """An Event of type Warning."""

    reason: str
    message: str


def warning_of(before: AgentJobStatus, after: AgentJobStatus) -> Warning_ | None:
    """The Event for the transition; None when the reason stays or is none to warn of."""
    if after.reason is None or (before.reason == after.reason and before.attempts == after.attempts):
        return None
    reason = Reason(after.reason)
    if reason is not Reason.RETRYING and TABLE[reason].effect not in WARN:
        return None
    return Warning_(reason, (after.message or "")[:1000])
