"""What every status starts from, and what all of them say alike. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from agentjob_api.reasons import TABLE, Reason
from agentjob_api.report import StoredObject
from agentjob_api.status import AgentJobStatus, Condition

from agentjob_operator.model import Observed, Stage
from agentjob_operator.status.beside import Links
from agentjob_operator.status.conditions import merge
from agentjob_operator.status.times import rfc3339

MAX_MESSAGE: Final = 2000


@dataclass(frozen=True)
class Download:
    """A signed URL and when it ends."""

    url: str
    expires_at: datetime


Sign = Callable[[StoredObject], Download]
"""Makes the download URL of a verified archive."""


@dataclass(frozen=True)
class Base:
    """What every status starts from."""

    generation: int
    current: AgentJobStatus
    now: datetime
    links: Links = field(default_factory=Links)

    def with_(self, conditions: list[Condition], **fields: Any) -> AgentJobStatus:
        """`current` with these conditions and fields."""
        merged = merge(self.current.conditions, conditions, generation=self.generation, now=rfc3339(self.now))
        changes = {"observed_generation": self.generation, "conditions": merged, **fields}
        return self.current.model_copy(update=changes)


def sentence(reason: Reason, message: str) -> str:
    """The message with what to do about it."""
    action = TABLE[reason].action
    text = message if action == "Nothing." else f"{message} {action}".strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def identity(current: AgentJobStatus, observed: Observed) -> dict[str, Any]:
    """Which attempt, Job and Pod it is about; nothing that is known is lost when one of them is gone."""
    job, pod = observed.job, observed.pod
    made = observed.stage not in (Stage.ABSENT, Stage.SUSPENDED)
    return {
        "attempts": max(current.attempts, observed.attempt) if made else current.attempts,
        "job_name": job.name if job else current.job_name,
        "job_uid": job.uid if job else current.job_uid,
        "pod_name": pod.name if pod else current.pod_name,
        "resumed_from_attempt": job.resumed_from if job else current.resumed_from_attempt,
    }


NO_POD: Final[dict[str, Any]] = {"job_name": None, "job_uid": None, "pod_name": None, "resumed_from_attempt": None}
"""Between two attempts."""
