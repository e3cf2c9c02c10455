"""Puts objects into the store until it says that they are there.

Verified means: the store was given the SHA-256 with the bytes (`x-amz-checksum-sha256`, a condition of the policy), computed its own and
answered 2xx; a wrong one is refused with 400 `XAmzContentChecksumMismatch`. The pod may not read; the operator looks again by HEAD.
"""

import http.client
import logging
import random
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agentjob_api.grant import UploadGrant
from agentjob_api.report import StoredObject
from agentjob_api.wire import WireError

from agentjob_runtime.upload.errors import GrantError, UploadError
from agentjob_runtime.upload.faults import Answer, Fault, fault_of
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.post import post

_log = logging.getLogger(__name__)


class Budget(Protocol):
    """How long there is left; shrinks when the pod is told to stop."""

    def remaining(self) -> float:
        """Seconds; may be infinite."""

    def wait(self, seconds: float) -> None:
        """Sleeps that long, or until the budget is used up."""


@dataclass(frozen=True)
class Patience:
    """How long failures are borne with, whatever they are."""

    seconds: float
    """From the first failure to the start of the last try."""
    first_delay: float = 0.5
    longest_delay: float = 15.0
    silence: float = 60.0
    """After which a connection is given up."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row: doubled each time, with jitter."""
        return float(
            min(self.longest_delay, self.first_delay * 2 ** min(failures - 1, 16)) * random.uniform(0.75, 1.25)
        )


def read_grant(path: Path) -> UploadGrant:
    """The grant as it is mounted now. Raises `GrantError`."""
    try:
        return UploadGrant.from_json(path.read_bytes())
    except OSError as error:
        raise GrantError(f"cannot read {path}: {error.strerror}") from error
    except WireError:
        # The error's own text may quote the input, and that is a secret.
        raise GrantError(f"{path} is not an UploadGrant") from None


@dataclass
class _Trial:
    """The failures of one object so far."""

    counts: dict[Fault, int]
    first: float | None = None
    total: int = 0

    def add(self, fault: Fault) -> None:
        self.first = self.first or time.monotonic()
        self.counts[fault] = self.counts.get(fault, 0) + 1
        self.total += 1

    def hopeless(self, fault: Fault, patience: Patience, delay: float, budget: Budget) -> bool:
        waited = time.monotonic() - (self.first or 0.0) + delay
        return self.counts[fault] >= fault.value.tries or waited > patience.seconds or budget.remaining() <= delay


class Uploader:
    """Uploads with the grant at `grant_path`, which is read again before each try: it may be renewed meanwhile."""

    def __init__(self, grant_path: Path, budget: Budget) -> None:
        self._grant_path, self._budget = grant_path, budget

    def put(self, name: str, payload: Payload, patience: Patience) -> StoredObject:
        """Stores `payload` as `name` under the attempt's prefix. Raises `UploadError`; then a part of it is never visible."""
        trial = _Trial({})
        while True:
            started = time.monotonic()
            key, fault, detail = self._try(name, payload, patience.silence)
            if fault is None:
                _log.info("stored %s: %d bytes in %.2f s", name, payload.size, time.monotonic() - started)
                return StoredObject(key=key, bytes=payload.size, sha256=payload.sha256)
            trial.add(fault)
            delay = patience.delay(trial.total)
            if trial.hopeless(fault, patience, delay, self._budget):
                raise UploadError(f"{fault.value.sentence} ({name}, try {trial.total}: {detail})")
            _log.warning("cannot store %s (try %d: %s); again in %.1f s", name, trial.total, detail, delay)
            self._budget.wait(delay)

    def prefix(self) -> str:
        """Key prefix of this attempt's objects. Raises `GrantError`."""
        return read_grant(self._grant_path).key_prefix

    def _try(self, name: str, payload: Payload, silence: float) -> tuple[str, Fault | None, str]:
        try:
            grant = read_grant(self._grant_path)
            longest = max(1.0, min(silence, self._budget.remaining()))
            answer = post(grant, name, payload, longest, self._budget.remaining)
        except GrantError as error:
            return "", Fault.NO_GRANT, str(error)
        except ssl.SSLCertVerificationError as error:
            return "", Fault.UNTRUSTED, error.verify_message
        except (OSError, http.client.HTTPException) as error:
            return "", Fault.UNREACHABLE, _describe(error)
        return grant.key_prefix + name, fault_of(answer, payload.checksum), _explain(answer)


def _describe(error: Exception) -> str:
    return str(error) or type(error).__name__


def _explain(answer: Answer) -> str:
    return " ".join(filter(None, (f"HTTP {answer.status}", answer.code, answer.message)))[:300]
