"""Captures a command's output whatever its size: head and tail in memory, the rest up to a cap in a file, nothing blocks."""

import os
import sys
import threading
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 10_000
TAIL_BYTES: Final = 10_000
FILE_BYTES: Final = 16 * 1024 * 1024
CHUNK_BYTES: Final = 1024 * 1024


class Capture:
    """Reads a pipe to its end in a thread of its own.

    A background process may hold the pipe long after its command: the thread reads on, so that the process neither
    blocks nor dies of SIGPIPE, and what comes after `FILE_BYTES` is thrown away.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total = 0
        """Bytes that came so far."""
        self.stored = True
        """The file holds the output, up to its cap."""
        self._head = bytearray()
        self._tail = bytearray()
        self._mutex = threading.Lock()
        self._reader, self.writer = os.pipe2(os.O_CLOEXEC)
        self._file = self._open()
        self._thread = threading.Thread(target=self._read, name=f"capture-{path.name}", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread is left: the pod's limit of processes
            self._close(self._reader, self.writer, self._file)
            raise

    def _open(self) -> int | None:
        """The agent's shell may have removed the folder, or put something else there: the output then has no file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            self._say_lost(error)
            return None

    def _say_lost(self, error: OSError) -> None:
        self.stored = False
        print(f"full output is not kept in {self.path}: {error}", file=sys.stderr, flush=True)

    def _read(self) -> None:
        buffer = bytearray(CHUNK_BYTES)
        view = memoryview(buffer)
        while count := os.readv(self._reader, [buffer]):
            self._take(view[:count])
        self._close(self._reader, self._file)

    def _take(self, data: memoryview) -> None:
        self._store(data[: max(0, FILE_BYTES - self.total)])
        with self._mutex:
            self.total += len(data)
            room = max(0, HEAD_BYTES - len(self._head))
            self._head += data[:room]
            self._tail += data[room:][-TAIL_BYTES:]
            del self._tail[:-TAIL_BYTES]

    def _store(self, data: memoryview) -> None:
        if self._file is None or not data:
            return
        try:
            os.write(self._file, data)
        except OSError as error:
            self._say_lost(error)
            self._close(self._file)
            self._file = None

    @staticmethod
    def _close(*handles: int | None) -> None:
        for handle in handles:
            if handle is not None:
                os.close(handle)

    def close_writer(self) -> None:
        """Closes this process's writing end, once the command has its own."""
        os.close(self.writer)

    def wait(self, seconds: float) -> bool:
        """Waits for the end of the output; False when somebody still holds the pipe."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def text(self) -> tuple[str, bool]:
        """Head and tail of what came so far, and whether something between them is left out."""
        with self._mutex:
            head, tail, total = bytes(self._head), bytes(self._tail), self.total
        missing = total - len(head) - len(tail)
        if missing <= 0:
            return (head + tail).decode("utf-8", "replace"), False
        note = f"\n[... {missing:,} bytes left out ...]\n"
        return head.decode("utf-8", "replace") + note + tail.decode("utf-8", "replace"), True
