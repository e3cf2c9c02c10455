"""The file an archive is written to."""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agentjob_runtime.archive.errors import ArchiveTooLargeError, ArchiveWriteError

_QUEUED: Final = 8
"""Writes that may wait for the disk; each holds about a MiB."""


class Sink:
    """Writes, hashes and bounds; on any error nothing is left on the disk.

    Hashing and writing run in a thread of their own, in order: both let go of the GIL, and packing goes on meanwhile.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path, self._max_bytes = path, max_bytes
        self._hash = hashlib.sha256(usedforsecurity=False)
        self._queued: deque[Future[None]] = deque()
        self.written = 0
        """Bytes so far."""

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("xb", buffering=0)
        except OSError as error:
            raise ArchiveWriteError(f"The archive cannot be created: {error.strerror}.") from error
        self._thread = ThreadPoolExecutor(1, "sink")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._file.close()
        if error is not None:
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Appends. Raises `ArchiveTooLargeError` before the limit is crossed, `ArchiveWriteError` when the disk is full."""
        self.written += len(data)
        if self.written > self._max_bytes:
            raise ArchiveTooLargeError(
                f"The archive would be larger than {self._max_bytes:,} bytes (spec.archive.maxBytes)."
            )
        self._queued.append(self._thread.submit(self._append, data))
        self._settle(_QUEUED)

    def finish(self) -> str:
        """Waits until everything is written; SHA-256 of it as lower-case hex. Raises `ArchiveWriteError`."""
        self._settle(0)
        return self._hash.hexdigest()

    def _settle(self, down_to: int) -> None:
        while len(self._queued) > down_to:
            self._queued.popleft().result()

    def _append(self, data: bytes) -> None:
        self._hash.update(data)
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise ArchiveWriteError(f"The archive cannot be written: {error.strerror}.") from error
