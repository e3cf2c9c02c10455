"""Reads files whose size may change meanwhile."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from agentjob_runtime.archive.errors import ArchiveTooLargeError
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.walk import Entry


def read_exactly(fd: int, size: int) -> bytes:
    """Up to `size` bytes from the descriptor's position; fewer only at the end of the file. Raises `OSError`."""
    data = os.read(fd, size)
    if len(data) == size or not data:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and (data := os.read(fd, missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def read_small(entry: Entry, notes: Notes) -> bytes | None:
    """A file that fits into memory, as much of it as is there; None when it cannot be read. Notes what is amiss."""
    try:
        data = read_exactly(entry.fd, entry.size)
    except OSError as error:
        notes.skip(entry.path, error.strerror or "it cannot be read")
        return None
    if len(data) < entry.size:
        notes.shrink(entry.path)
    return data


@dataclass
class InputBudget:
    """Bounds what is read: sparse files and hard links make a small volume look endless."""

    limit: int
    """Bytes."""
    checkpoint: Callable[[], None]
    """Called before each file and each piece of a large one; raises `ArchiveInterruptedError` when the time is over."""
    used: int = 0

    def take(self, size: int) -> None:
        """Accounts for `size` bytes about to be read. Raises `ArchiveTooLargeError`, or what the checkpoint raises."""
        self.checkpoint()
        self.used += size
        if self.used > self.limit:
            raise ArchiveTooLargeError(
                f"The files of the workspace add up to more than {self.limit:,} bytes, counting holes and hard links."
            )
