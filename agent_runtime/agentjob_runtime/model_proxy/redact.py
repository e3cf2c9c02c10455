"""Takes the model's key out of whatever an endpoint sends back. Pure."""

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

MASK: Final = "***"
SHORTEST: Final = 8
"""Shorter keys are placeholders of servers that need none; taking such a word out would garble the model's replies."""


class Redactor:
    """Knows the key as it is and as JSON and URLs write it."""

    def __init__(self, key: str | None) -> None:
        known = key if key and len(key) >= SHORTEST else ""
        escaped = json.dumps(known)[1:-1]
        spellings = {known, escaped, escaped.replace("/", "\\/"), quote(known, safe="")} - {""}
        self.spellings = tuple(sorted((each.encode() for each in spellings), key=len, reverse=True))

    def text(self, text: str) -> str:
        """`text` with the key masked."""
        return self.data(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")

    def data(self, data: bytes) -> bytes:
        """`data` with the key masked."""
        for spelling in self.spellings:
            data = data.replace(spelling, MASK.encode())
        return data

    def held_back(self, data: bytes) -> int:
        """How many bytes at the end of `data` may be the beginning of the key."""
        return max((_overlap(data, spelling) for spelling in self.spellings), default=0)


def _overlap(data: bytes, spelling: bytes) -> int:
    longest = min(len(data), len(spelling) - 1)
    return next((size for size in range(longest, 0, -1) if data.endswith(spelling[:size])), 0)


@dataclass
class StreamRedactor:
    """Masks the key in a stream, also where it lies across two chunks; holds back nothing but a possible beginning of it."""

    redactor: Redactor
    _rest: bytes = field(default=b"", init=False)

    def feed(self, chunk: bytes) -> bytes:
        """What can be passed on after `chunk`."""
        data = self.redactor.data(self._rest + chunk)
        kept = self.redactor.held_back(data)
        self._rest = data[len(data) - kept :]
        return data[: len(data) - kept]

    def flush(self) -> bytes:
        """The rest, at the stream's end."""
        rest, self._rest = self._rest, b""
        return rest
