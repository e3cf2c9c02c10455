"""The courier's life as a lock: it holds it for as long as it runs, and the kernel lets go of it on any death."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.2


def live(path: Path) -> int:
    """Makes the file at `path` appear locked, and returns what must stay open. Raises `OSError`."""
    unborn = path.with_name(f".{path.name}")
    held = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    fcntl.flock(held, fcntl.LOCK_EX)
    unborn.rename(path)
    return held


def watch(path: Path, ended: Callable[[], None]) -> None:
    """Calls `ended` in another thread once a lock that was held at `path` is let go. The file need not be there yet."""
    # A daemon: this process must be able to end before the courier does.
    threading.Thread(target=_wait, args=(path, ended), name="courier", daemon=True).start()


def _wait(path: Path, ended: Callable[[], None]) -> None:
    while not path.exists():
        time.sleep(_POLL_SECONDS)
    # Shared, so that desktop and notebook do not wait for each other; read-only, as the mount is.
    watched = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(watched, fcntl.LOCK_SH)
    except OSError as error:
        _log.error("the courier cannot be watched (%s); taking it for ended", error)
    ended()
