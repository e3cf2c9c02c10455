"""Follows a growing file line by line, whatever the agent, who owns it, does to it: it may be missing, replaced or cut."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentjob_runtime.common.files import open_regular

_CHUNK: Final = 256 * 1024
_MAX_LINE: Final = 1024 * 1024
"""A longer line is thrown away: the writer's events are far shorter."""


class Follower:
    """Gives the whole lines that were added since the last call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._rest = b""
        self._skipping = False

    def lines(self) -> Iterator[bytes]:
        """New lines without their end; nothing while the file is not there. Raises `OSError` when it cannot be read."""
        self._reopen_if_replaced()
        if self._handle is None:
            return
        while chunk := os.read(self._handle, _CHUNK):
            yield from self._split(chunk)

    def _split(self, chunk: bytes) -> Iterator[bytes]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            if self._skipping:
                self._skipping = False
                continue
            yield line
        if len(self._rest) > _MAX_LINE:
            self._rest, self._skipping = b"", True

    def _reopen_if_replaced(self) -> None:
        if self._handle is not None and self._same_file(self._handle):
            return
        self.close()
        try:
            self._handle = open_regular(self._path)
        except FileNotFoundError:
            self._handle = None

    def _same_file(self, handle: int) -> bool:
        mine = os.fstat(handle)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino) and there.st_size >= os.lseek(
            handle, 0, os.SEEK_CUR
        )

    def close(self) -> None:
        """Forgets the file."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._rest, self._skipping = None, b"", False
