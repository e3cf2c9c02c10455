"""Opens files that a hostile process may have put there."""

import os
import stat
from pathlib import Path
from typing import Final

from agentjob_runtime.archive.reading import read_exactly

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class UntrustedError(Exception):
    """Not a regular file, or too large; the message says which."""


def open_regular(path: Path) -> tuple[int, int]:
    """Descriptor and size of a regular file whose folder and name are no links. Raises `OSError` or `UntrustedError`."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fd = os.open(path.name, _FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise UntrustedError(f"{path.name} is not a regular file")
    return fd, status.st_size


def read_bounded(path: Path, limit: int) -> bytes:
    """The whole file. Raises `OSError`, or `UntrustedError` when it is longer than `limit` bytes."""
    fd, size = open_regular(path)
    try:
        if size > limit:
            raise UntrustedError(f"{path.name} is longer than {limit} bytes")
        return read_exactly(fd, size)
    finally:
        os.close(fd)
