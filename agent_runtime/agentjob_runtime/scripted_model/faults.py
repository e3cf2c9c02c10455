"""Counts how often a fault has happened in a conversation."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from agentjob_runtime.scripted_model.script import Fault

MOST: Final = 10_000
"""Conversations and turns that are remembered; the longest unused is forgotten first."""


@dataclass
class FaultCounter:
    """The state of faults that happen a number of times."""

    _counts: OrderedDict[tuple[str, int], int] = field(default_factory=OrderedDict)

    def take(self, conversation: str, turn: int, fault: Fault | None) -> int:
        """How often the fault has happened now, with this time; 0 when it does not happen any more."""
        if fault is None:
            return 0
        count = self._counts.pop((conversation, turn), 0)
        happens = fault.times is None or count < fault.times
        self._counts[conversation, turn] = count + happens
        if len(self._counts) > MOST:
            self._counts.popitem(last=False)
        return count + 1 if happens else 0
