"""One attempt of one AgentJob: what every builder starts from."""

import functools
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from agentjob_api import names
from agentjob_api.spec import AgentJobSpec

MAX_NAME: Final = 63
"""A Job's name becomes a label of its pods."""
HASH_LENGTH: Final = 10
ARCHIVE_ALLOWANCE_SECONDS: Final = 3600
"""What an attempt gets beside its start deadline and its timeout: cloning, packing and uploading."""


@dataclass(frozen=True)
class Remaining:
    """Budgets that earlier attempts left; None is unlimited."""

    steps: int
    tokens: int | None
    cost_usd: Decimal | None
    timeout_seconds: int

    @classmethod
    def all_of(cls, spec: AgentJobSpec) -> "Remaining":
        """The whole budget: that of a first attempt."""
        limits, cost = spec.limits, spec.limits.cost_usd
        return cls(limits.steps, limits.tokens, None if cost is None else Decimal(cost), limits.timeout_seconds)


@dataclass(frozen=True)
class Attempt:
    """`number` counts from 1; `uid` is the AgentJob's."""

    namespace: str
    name: str
    uid: str
    number: int
    spec: AgentJobSpec
    remaining: Remaining
    resumed_from: int | None = None
    """The attempt whose checkpoint it goes on from."""

    @property
    def object_name(self) -> str:
        """Name of the attempt's Job and of its Secret."""
        return attempt_name(self.name, self.uid, self.number)

    @property
    def lifetime_seconds(self) -> int:
        """From its creation to when nothing of it can be running or writing any more."""
        waiting, working = self.spec.limits.start_deadline_seconds, self.remaining.timeout_seconds
        return waiting + working + ARCHIVE_ALLOWANCE_SECONDS + self.spec.linger_seconds


@functools.lru_cache(maxsize=4096)
def attempt_name(name: str, uid: str, number: int) -> str:
    """`<name>-<hash>-<number>`: a DNS label, the same for the same uid, another for any other uid.

    An AgentJob's name may have 253 characters and dots, so it is cut; the hash keeps names apart that are cut to the same.
    """
    suffix = f"-{hashlib.sha256(uid.encode()).hexdigest()[:HASH_LENGTH]}-{number}"
    return name[: MAX_NAME - len(suffix)].replace(".", "-").rstrip("-") + suffix


def owner_reference(attempt: Attempt) -> dict[str, Any]:
    """The AgentJob as the controller of an object.

    Without `blockOwnerDeletion`, which would need the right to update finalizers of AgentJobs.
    """
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "name": attempt.name,
        "uid": attempt.uid,
        "controller": True,
    }
