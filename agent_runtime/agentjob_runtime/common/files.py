"""Reading files that somebody else laid there: a FIFO does not block, a device is refused, a giant is cut."""

import os
import stat
from pathlib import Path


class NotRegularError(OSError):
    """A folder, FIFO, socket or device where a file was expected."""


def open_regular(path: Path) -> int:
    """A read-only descriptor of a regular file. Raises `NotRegularError`, or another `OSError`."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotRegularError(f"{path} is not a regular file")
    return handle


def read_regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file. Raises `OSError`."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(limit)
