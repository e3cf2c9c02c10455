"""Goes on from a checkpoint of an earlier attempt: workspace and conversation, in place of a clone."""

import logging
import os
from typing import Final

from agentjob_api.job_config import JobConfig
from agentjob_api.reasons import Reason

from agentjob_runtime.checkpoint.unpack import UnpackError, unpack
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.prepare.download import Download, DownloadError
from agentjob_runtime.prepare.errors import PrepareError
from agentjob_runtime.prepare.folders import empty

_log = logging.getLogger(__name__)
_SESSION_ROOM: Final = 512 << 20
"""Bytes beside the workspace's size."""


def restore(config: JobConfig, paths: Paths) -> None:
    """Fills workspace and session, which are empty. Raises `PrepareError`; then both are empty again."""
    try:
        _restore(config, paths)
    except (DownloadError, UnpackError, OSError) as error:
        empty(paths.workspace)
        empty(paths.session_dir)
        detail = error.strerror if isinstance(error, OSError) else error
        raise PrepareError(Reason.PREPARE_FAILED, f"The checkpoint cannot be restored. {detail}") from error


def _restore(config: JobConfig, paths: Paths) -> None:
    download = Download(paths.restore)
    try:
        count = unpack(download, paths.workspace, paths.session_dir, config.workspace_bytes + _SESSION_ROOM)
        download.verify()
    finally:
        download.close()
    if not os.path.isfile(paths.session) or os.path.islink(paths.session):
        raise UnpackError("It holds no conversation.")
    _log.info("restored a checkpoint: %d folders, files and links", count)
