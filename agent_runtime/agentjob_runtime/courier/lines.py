"""Cuts a stream of bytes into lines that are events, and drops what is not. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from agentjob_api.events import EventType

LINE_MAX: Final = 1 << 20
"""Bytes of one event; a longer line is dropped."""
_TYPES: Final = frozenset(EventType)


@dataclass
class LineCutter:
    """Feed it what was appended to `events.jsonl`; it gives whole, valid lines."""

    dropped: int = 0
    """Lines that were no event."""
    last_seq: int = 0
    _rest: bytes = field(default=b"", repr=False)
    _skipping: bool = False

    def feed(self, data: bytes) -> bytes:
        """The whole lines that `data` completes, each with its newline."""
        *whole, rest = (self._rest + data).split(b"\n")
        kept = [line for line in whole if self._is_event(line)]
        self._rest = rest
        if len(rest) > LINE_MAX:
            self._rest, self._skipping = b"", True
        return b"".join(line + b"\n" for line in kept)

    def restart(self) -> None:
        """The file was truncated: what was begun is not continued."""
        self.dropped += bool(self._rest)
        self._rest, self._skipping = b"", False

    def _is_event(self, line: bytes) -> bool:
        if self._skipping:
            self._skipping = False
            self.dropped += 1
            return False
        event = _parse(line) if len(line) <= LINE_MAX else None
        if event is None:
            self.dropped += 1
            return False
        self.last_seq = max(self.last_seq, event["seq"])
        return True


def _parse(line: bytes) -> dict[str, Any] | None:
    """The event, or None for anything else: no JSON, no object, no known type, no sequence number."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("type") not in _TYPES:
        return None
    seq = event.get("seq")
    return event if isinstance(seq, int) and 0 < seq < 1 << 53 else None
