"""Writes the event stream to `events.jsonl` and to stdout."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from agentjob_api.events import EventType

from agentjob_runtime.common.clock import rfc3339
from agentjob_runtime.events.bound import encode_line


class EventWriter:
    """Numbers events from 1 and appends each to the file and to stdout, whole lines only.

    The file is opened once: whatever the agent's shell does to its name, the courier reads on from the same inode.
    """

    def __init__(self, path: Path, stdout: int | None = None) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)
        self._stdout = sys.stdout.fileno() if stdout is None else stdout
        self._sequence = 0
        self._broken = False
        self._mutex = threading.Lock()

    def emit(self, kind: EventType, **fields: Any) -> None:
        """Writes one event; `fields` as `agentjob_api.events` names them for this type. Thread-safe."""
        with self._mutex:
            self._sequence += 1
            line = encode_line({"seq": self._sequence, "time": rfc3339(), "type": str(kind), **fields})
            self._append(line)
            _write_all(self._stdout, line)

    def _append(self, line: bytes) -> None:
        """A full volume must not end the run: stdout still has the event, and the first failure is told."""
        try:
            _write_all(self._file, line)
        except OSError as error:
            if not self._broken:
                print(f"events file cannot be written, stdout goes on: {error}", file=sys.stderr, flush=True)
            self._broken = True

    def close(self) -> None:
        """Syncs what was written."""
        os.fsync(self._file)
        os.close(self._file)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
