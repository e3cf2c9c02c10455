"""Which changes of status are worth a Kubernetes Event: what went wrong, and, where the administrator wants it, progress.

An Event is a write like any other, and the ordinary way of an AgentJob shall cost four (DESIGN §6): its progress is in the conditions.
"""

from dataclasses import dataclass
from typing import Literal

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.status import AgentJobStatus

WARN: frozenset[Effect] = frozenset({Effect.WAITS, Effect.RETRIES, Effect.DISRUPTS, Effect.ENDS})


@dataclass(frozen=True)
class Event:
    """As `kubectl describe` shows it."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def event_of(before: AgentJobStatus, after: AgentJobStatus, *, normal: bool) -> Event | None:
    """The Event for the transition; None when the reason stays, or is none to warn of and `normal` Events are not wanted."""
    if after.reason is None or (before.reason == after.reason and before.attempts == after.attempts):
        return None
    reason = Reason(after.reason)
    warns = reason is Reason.RETRYING or TABLE[reason].effect in WARN
    if not warns and not normal:
        return None
    return Event("Warning" if warns else "Normal", reason, (after.message or TABLE[reason].meaning)[:1000])
