"""Reads what was appended to a file that a hostile process may also truncate or blow up."""

import logging
import os
from typing import Final

_log = logging.getLogger(__name__)
_CHUNK: Final = 256 << 10


class Tail:
    """Follows an open descriptor; never blocks, never reads more than asked for."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._offset = 0

    def read(self) -> tuple[bytes, bool]:
        """At most 256 KiB of what is new, and whether the file was truncated before it: then it is read from its start again."""
        truncated = os.fstat(self._fd).st_size < self._offset
        if truncated:
            _log.warning("events.jsonl was truncated below byte %d; reading it from its start", self._offset)
            self._offset = 0
        data = os.pread(self._fd, _CHUNK, self._offset)
        self._offset += len(data)
        return data, truncated
