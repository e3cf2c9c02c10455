"""Takes the checkpoints that a later attempt goes on from, and stores them."""

import itertools
import logging
import os
import time
from collections.abc import Callable
from typing import Final

from agentjob_api.grant import ObjectName
from agentjob_api.job_config import JobConfig
from agentjob_api.reasons import TABLE, Effect
from agentjob_api.report import AgentResult, StoredObject, Verdict

from agentjob_runtime.archive.errors import ArchiveError, ArchiveInterruptedError
from agentjob_runtime.archive.pack import Packed
from agentjob_runtime.archive.patterns import Excludes
from agentjob_runtime.checkpoint.pack import CheckpointRequest, pack_checkpoint
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.stop import ARCHIVE_SECONDS, ClosingBudget, Stop
from agentjob_runtime.courier.untrusted import UntrustedError, open_regular
from agentjob_runtime.upload.errors import GrantError, UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader, read_grant

_log = logging.getLogger(__name__)
FAILURES: Final = (ArchiveError, UploadError, GrantError, UntrustedError, OSError)
"""What can come of packing and storing."""
_PATIENCE: Final = Patience(seconds=60)
_SHARE: Final = 0.5
"""Of the time that is left to checkpoint and archive; the archive has the rest, and what the checkpoint does not need."""
_ROOM: Final = 256 << 20
"""How much larger than the workspace's volume a checkpoint may be: less than the courier's own volume is (`COURIER_ALLOWANCE_BYTES`)."""
_INPUT_FACTOR: Final = 4
"""As for archives: holes and hard links take no room on the volume."""


def may_go_on(result: AgentResult) -> bool:
    """Whether another attempt may follow an agent that ended so: its own verdict and its limits are final."""
    if result.verdict is Verdict.NONE:
        return True
    return result.verdict is Verdict.CRASH and TABLE[result.reason].effect in {Effect.RETRIES, Effect.DISRUPTS}


class Checkpoints:
    """Those of one attempt, one after the other; each replaces the one before in the store."""

    def __init__(self, config: JobConfig, paths: Paths, excludes: Excludes, stop: Stop) -> None:
        self._config, self._paths, self._excludes, self._stop = config, paths, excludes, stop
        self._numbers = itertools.count(1)
        self._running = ClosingBudget(stop, ARCHIVE_SECONDS)
        self.stored: StoredObject | None = None
        """The newest one."""
        self.message = ""
        """Why there is none of the last moment at which there should have been one."""

    def pack(self, seconds: float) -> Packed:
        """One of this moment, while the agent stands still. Raises one of `FAILURES`."""
        end = time.monotonic() + seconds
        try:
            return self._pack(lambda: min(self._running.remaining(), end - time.monotonic()))
        except FAILURES as error:
            self.message = str(error)
            raise

    def store(self, packed: Packed) -> None:
        """Uploads it while the agent works. Never raises for what the store does."""
        self._store(packed, self._running)

    def close(self, seconds: float) -> None:
        """The agent has ended: what was begun has that long."""
        self._running.closes_at = time.monotonic() + seconds

    def take_last(self) -> None:
        """The agent has ended and the pod stops. Never raises for what the workspace or the store does."""
        budget = ClosingBudget(self._stop, ARCHIVE_SECONDS)
        budget.closes_at = time.monotonic() + budget.remaining() * _SHARE
        try:
            packed = self._pack(budget.remaining)
        except FAILURES as error:
            self.message = f"The end of this attempt is in no checkpoint. {error}"
            _log.error("no checkpoint: %s", error)
        else:
            self._store(packed, budget)

    def _store(self, packed: Packed, budget: ClosingBudget) -> None:
        try:
            payload = Payload(packed.path, packed.size, packed.sha256)
            stored = Uploader(self._paths.upload, budget).put(ObjectName.CHECKPOINT, payload, _PATIENCE)
            self.stored, self.message = stored.replace(files=packed.files), ""
        except UploadError as error:
            self.message = str(error)
            _log.error("the checkpoint is not stored: %s", error)
        finally:
            packed.path.unlink(missing_ok=True)

    def _pack(self, remaining: Callable[[], float]) -> Packed:
        session, length = open_regular(self._paths.session)
        os.close(session)
        if not length:
            raise UntrustedError("the conversation is empty")
        size = self._config.workspace_bytes
        request = CheckpointRequest(
            workspace=self._paths.workspace,
            session_dir=self._paths.session_dir,
            # Another name each: one that is being given up may still be open.
            target=self._paths.courier_dir / f"{ObjectName.CHECKPOINT}.{next(self._numbers)}",
            excludes=self._excludes,
            max_bytes=min(read_grant(self._paths.upload).max_bytes, size + _ROOM),
            max_input_bytes=max(8 << 30, _INPUT_FACTOR * size),
        )
        packed = pack_checkpoint(request, lambda: _check(remaining))
        if sentence := packed.notes.sentence():
            _log.warning("the checkpoint is not complete: %s", sentence)
        return packed


def _check(remaining: Callable[[], float]) -> None:
    if remaining() <= 0:
        raise ArchiveInterruptedError("There was no time left to pack the checkpoint.")
