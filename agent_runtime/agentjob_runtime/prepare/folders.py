"""The folders that the pod's containers share, at the start of an attempt."""

import logging
import os
import shutil
from pathlib import Path

from agentjob_api.reasons import Reason

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.prepare.errors import PrepareError

_log = logging.getLogger(__name__)
_KEPT = "lost+found"
"""Made by mkfs in the root of a volume; belongs to root."""


def empty(folder: Path) -> None:
    """Removes whatever an earlier run of this pod left: its files may be hostile by now. Raises `PrepareError`."""
    try:
        for entry in list(os.scandir(folder)):
            if entry.name == _KEPT:
                continue
            _log.warning("removing %s, left by an earlier start of this pod", entry.path)
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    except OSError as error:
        raise PrepareError(Reason.PREPARE_FAILED, f"{folder} cannot be emptied: {error.strerror}.") from error


def lay_out_run_dir(paths: Paths) -> None:
    """`LOCK`, `EVENTS` and `SESSION_DIR`, for our own user only. Raises `PrepareError`."""
    empty(paths.run_dir)
    try:
        for path in (paths.lock, paths.events):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        paths.session_dir.mkdir(mode=0o700)
    except OSError as error:
        raise PrepareError(Reason.PREPARE_FAILED, f"{paths.run_dir} cannot be laid out: {error.strerror}.") from error


def used_bytes(folder: Path) -> int:
    """What the files below `folder` take on the disk, bytes."""
    total = 0
    for parent, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(parent, name)).st_blocks * 512 for name in names)
    return total
