"""Counts what a reply used, from what the endpoint says or, where it says nothing, from its size. Pure."""

import json
from dataclasses import dataclass, field
from typing import Final

from agentjob_runtime.model_proxy.tokens import Tokens, estimate, reported_usage

LONGEST_LINE: Final = 1024 * 1024
"""A longer line of a stream is counted by its size and not read."""
_DATA: Final = b"data:"


@dataclass
class StreamMeter:
    """Follows a stream of server-sent events (`data: {…}` lines, ended by `data: [DONE]`)."""

    reported: Tokens | None = None
    """The last `usage` seen; some endpoints send a running one."""
    done: bool = False
    """`[DONE]` was seen."""
    output_bytes: int = 0
    """Of everything the deltas hold: text, reasoning, tool calls."""
    _line: bytearray = field(default_factory=bytearray)

    @property
    def output(self) -> int:
        """Output tokens estimated from the size."""
        return estimate(self.output_bytes)

    def feed(self, chunk: bytes) -> None:
        """Takes in the next bytes, cut anywhere."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._read_line(bytes(self._line) + line)
            self._line.clear()
        self._line += rest
        if len(self._line) > LONGEST_LINE:
            self.output_bytes += len(self._line)
            self._line.clear()

    def tokens(self, input_estimate: int) -> tuple[Tokens, bool]:
        """What the call used, and whether that is only an estimate."""
        if self.reported:
            return self.reported, False
        return Tokens(input_estimate, self.output), True

    def _read_line(self, line: bytes) -> None:
        if not line.startswith(_DATA):
            return
        data = line.removeprefix(_DATA).strip()
        if data == b"[DONE]":
            self.done = True
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            self.output_bytes += len(data)
            return
        self.reported = reported_usage(event) or self.reported
        self.output_bytes += sum(_text_bytes(choice.get("delta")) for choice in _choices(event))


def whole_reply(body: bytes, input_estimate: int) -> tuple[Tokens, bool]:
    """What a reply that came in one piece used, and whether that is only an estimate."""
    try:
        reported = reported_usage(json.loads(body))
    except (ValueError, RecursionError):
        reported = None
    return (reported, False) if reported else (Tokens(input_estimate, estimate(len(body))), True)


def _choices(event: object) -> list[dict[str, object]]:
    choices = event.get("choices") if isinstance(event, dict) else None
    return [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []


def _text_bytes(value: object) -> int:
    """UTF-8 bytes of every string in `value`."""
    if isinstance(value, str):
        return len(value.encode(errors="surrogatepass"))
    if isinstance(value, dict):
        return sum(_text_bytes(each) for each in value.values())
    return sum(_text_bytes(each) for each in value) if isinstance(value, list) else 0
