"""Takes the checkpoint that a later attempt goes on from, and stores it."""

import logging
import os
import time
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
    """Those of one attempt; each replaces the one before in the store."""

    def __init__(self, config: JobConfig, paths: Paths, excludes: Excludes, stop: Stop) -> None:
        self._config, self._paths, self._excludes = config, paths, excludes
        self._budget = ClosingBudget(stop, ARCHIVE_SECONDS)
        self._uploader = Uploader(paths.upload, self._budget)
        self.stored: StoredObject | None = None
        """The newest one."""
        self.message = ""
        """Why the agent's end is not in it."""

    def take_last(self) -> None:
        """The agent has ended and the pod stops: packs and stores. Never raises for what the workspace or the store does."""
        self._budget.closes_at = time.monotonic() + self._budget.remaining() * _SHARE
        target = self._paths.courier_dir / ObjectName.CHECKPOINT
        try:
            packed = self._pack()
            payload = Payload(packed.path, packed.size, packed.sha256)
            stored = self._uploader.put(ObjectName.CHECKPOINT, payload, _PATIENCE)
            self.stored = stored.model_copy(update={"files": packed.files})
        except (ArchiveError, UploadError, GrantError, UntrustedError, OSError) as error:
            self.message = f"The end of this attempt is in no checkpoint. {error}"
            _log.error("no checkpoint: %s", error)
        finally:
            target.unlink(missing_ok=True)

    def _pack(self) -> Packed:
        session, length = open_regular(self._paths.session)
        os.close(session)
        if not length:
            raise UntrustedError("the conversation is empty")
        size = self._config.workspace_bytes
        request = CheckpointRequest(
            workspace=self._paths.workspace,
            session_dir=self._paths.session_dir,
            target=self._paths.courier_dir / ObjectName.CHECKPOINT,
            excludes=self._excludes,
            max_bytes=min(read_grant(self._paths.upload).max_bytes, size + _ROOM),
            max_input_bytes=max(8 << 30, _INPUT_FACTOR * size),
        )
        packed = pack_checkpoint(request, self._check_time)
        if sentence := packed.notes.sentence():
            _log.warning("the checkpoint is not complete: %s", sentence)
        return packed

    def _check_time(self) -> None:
        if self._budget.remaining() <= 0:
            raise ArchiveInterruptedError("The pod had to stop before the checkpoint was packed.")
