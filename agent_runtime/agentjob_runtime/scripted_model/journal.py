"""What the server remembers for those who ask: violations, and how many requests ended how."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from agentjob_runtime.common.clock import rfc3339

MOST_VIOLATIONS: Final = 1000
MOST_KINDS: Final = 1000


@dataclass
class Journal:
    """Bounded, in memory."""

    violations: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_VIOLATIONS))
    requests: Counter[str] = field(default_factory=Counter)
    """By `model status`, and `model status fault` where one happened."""

    def violation(self, model: str, conversation: str, sentence: str) -> None:
        """Remembers one."""
        entry = {"time": rfc3339(), "model": model, "conversation": conversation, "violation": sentence}
        self.violations.append(entry)

    def request(self, model: str, status: int, fault: str | None) -> None:
        """Counts one."""
        kind = " ".join(filter(None, [model, str(status), fault]))
        self.requests[kind if kind in self.requests or len(self.requests) < MOST_KINDS else f"other {status}"] += 1
