"""The lock by which the courier learns that the agent has ended, however it ended."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

WAIT_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.1


class LockHeldError(Exception):
    """Somebody else holds the lock: a second agent in the pod, which must not be."""


def take_lock(path: Path, wait_seconds: float = WAIT_SECONDS) -> int:
    """Takes the exclusive lock and returns its descriptor, to be kept open for life; no child inherits it.

    Raises `LockHeldError`, or `OSError`.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError as error:
            if time.monotonic() >= until:
                os.close(handle)
                raise LockHeldError(f"{path} is locked by another process") from error
            time.sleep(PAUSE_SECONDS)
