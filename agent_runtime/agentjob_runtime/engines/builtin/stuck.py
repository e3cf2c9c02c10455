"""Sees when the model goes round in circles. Pure: it only compares what it is shown."""

from collections.abc import Sequence
from typing import Final

from agentjob_runtime.session.messages import Message

SAME: Final = 3
"""Times the same call with the same result in a row."""
ALTERNATING: Final = 4
"""Steps of A-B-A-B, results included."""

Seen = tuple[tuple[str, ...], ...]


def signature(assistant: Message, results: Sequence[Message]) -> Seen:
    """What makes two steps the same: names, arguments and results of their calls, without their ids."""
    calls = tuple((call.name, call.arguments) for call in assistant.tool_calls)
    return (*calls, *((result.content,) for result in results))


class StuckDetector:
    """Remembers the last steps."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []

    def observe(self, step: Seen) -> str | None:
        """Notes a step; what the repetition is, if there is one, after which it starts anew."""
        self._seen = [*self._seen[-(ALTERNATING - 1) :], step]
        pattern = self._pattern()
        if pattern:
            self._seen = []
        return pattern

    def _pattern(self) -> str | None:
        last = self._seen[-SAME:]
        if len(last) == SAME and len(set(last)) == 1:
            return f"the same call with the same result {SAME} times"
        last = self._seen[-ALTERNATING:]
        if len(last) == ALTERNATING and last[:2] == last[2:]:
            return "the same two calls with the same results in turn"
        return None
