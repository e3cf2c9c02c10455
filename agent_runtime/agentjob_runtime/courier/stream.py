"""Stores the events in segments while the agent works: the log outlives the pod."""

import json
import logging
import threading
import time
from typing import Final

from agentjob_api.events import EventType
from agentjob_api.grant import ObjectName

from agentjob_runtime.common.clock import rfc3339
from agentjob_runtime.courier.lines import LineCutter
from agentjob_runtime.courier.stop import RESULT_SECONDS, Stop
from agentjob_runtime.courier.tail import Tail
from agentjob_runtime.upload.errors import UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader

_log = logging.getLogger(__name__)
SEGMENT_BYTES: Final = 256 << 10
"""A segment is stored when it has this size, or after `SEGMENT_SECONDS`."""
SEGMENT_SECONDS: Final = 3.0
STORED_MAX: Final = 64 << 20
"""Bytes of events per attempt; then one `error` event says so, and the rest is not stored."""
READ_MAX: Final = 256 << 20
"""Bytes read per attempt: a flood of rubbish is not read for ever either."""
_CATCH_UP_BYTES: Final = 8 << 20
"""Segments are larger when the store was away, or the agent is dead."""
_PATIENCE: Final = Patience(seconds=20, longest_delay=5, silence=10)
_ROUNDS: Final = 40
"""How often a segment is given a whole round of tries before it is dropped."""
_POLL: Final = 0.25


class StreamBudget:
    """An `upload.uploader.Budget`: as long as the pod has, and once closed what `close` allows."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self.closes_at = float("inf")

    def remaining(self) -> float:
        """Seconds left."""
        return min(self._stop.remaining(RESULT_SECONDS), self.closes_at - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Sleeps in small steps: closing shortens what is left."""
        end = time.monotonic() + seconds
        while (left := min(end - time.monotonic(), self.remaining())) > 0:
            time.sleep(min(_POLL, left))


class EventStream:
    """A thread that follows `events.jsonl`. Nothing in it can delay or break the end of the courier."""

    def __init__(self, tail: Tail, uploader: Uploader, budget: StreamBudget) -> None:
        self._tail, self._uploader, self._budget = tail, uploader, budget
        self._cutter = LineCutter()
        self._buffer = bytearray()
        self._since = 0.0
        self._read = self._taken = 0
        self._rounds = 0
        self.segments = 0
        """Stored so far."""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def close(self, seconds: float) -> None:
        """The agent is dead: stores what is left, within `seconds`."""
        self._budget.closes_at = time.monotonic() + seconds
        self._ending.set()
        self._thread.join(seconds + 5)
        if self._buffer or self._cutter.dropped:
            _log.warning(
                "%d bytes of events not stored, %d lines were no events", len(self._buffer), self._cutter.dropped
            )

    def _run(self) -> None:
        while not self._ending.wait(_POLL):
            self._collect(SEGMENT_BYTES)
            due = len(self._buffer) >= SEGMENT_BYTES or time.monotonic() - self._since >= SEGMENT_SECONDS
            if self._buffer and due:
                self._ship()
        while self._budget.remaining() > 0:
            self._collect(_CATCH_UP_BYTES)
            if not self._buffer:
                return
            self._ship()

    def _collect(self, limit: int) -> None:
        """Fills the buffer from the file, up to about `limit` bytes."""
        while len(self._buffer) < limit and self._taken < STORED_MAX:
            data, truncated = self._tail.read()
            if truncated:
                self._cutter.restart()
            if not data:
                return
            self._read += len(data)
            self._append(self._cutter.feed(data))

    def _append(self, lines: bytes) -> None:
        if not self._buffer:
            self._since = time.monotonic()
        if self._taken + len(lines) > STORED_MAX or self._read > READ_MAX:
            lines = self._marker()
            self._taken = STORED_MAX
            _log.warning("the events outgrew their limit; the rest is not stored")
        self._taken += len(lines)
        self._buffer += lines

    def _marker(self) -> bytes:
        message = f"The log is longer than {STORED_MAX >> 20} MiB; the rest is not stored."
        event = {"seq": self._cutter.last_seq + 1, "time": rfc3339(), "type": EventType.ERROR}
        return json.dumps(event | {"reason": "LogTooLarge", "message": message}).encode() + b"\n"

    def _ship(self) -> None:
        """Stores the buffer as the next segment; keeps it for the next round when that fails, `_ROUNDS` times."""
        name = f"{ObjectName.EVENTS}{self.segments + 1:06}.jsonl"
        try:
            self._uploader.put(name, Payload.of(bytes(self._buffer)), _PATIENCE)
        except UploadError as error:
            self._rounds += 1
            _log.warning("events not stored (round %d of %d): %s", self._rounds, _ROUNDS, error)
            if self._rounds < _ROUNDS:
                self._budget.wait(SEGMENT_SECONDS)
                self._collect(_CATCH_UP_BYTES)
                return
            _log.error("%d bytes of events are given up", len(self._buffer))
        else:
            self.segments += 1
        self._buffer.clear()
        self._rounds = 0
