"""Bounds what wrong guesses cost. Pure.

A token has at least 128 random bits, so guessing is hopeless at any rate; what must not happen is that guesses fill the log or
take the processor. The right token is never refused for the guesses of others: the agent, which can reach the gate, could else
lock the person out who wants to look at what it does.
"""

from collections.abc import Callable
from typing import Final

ALLOWED: Final = 10
"""Wrong guesses that get the whole page, from everybody together, within `WINDOW_SECONDS`."""
WINDOW_SECONDS: Final = 60.0


class Guesses:
    """Counts wrong guesses in windows of a fixed length."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()
        self._count = 0

    def wrong(self) -> bool:
        """Counts a wrong guess. True while there are not too many."""
        now = self._clock()
        if now - self._started >= WINDOW_SECONDS:
            self._started, self._count = now, 0
        self._count += 1
        return self._count <= ALLOWED

    @property
    def just_exceeded(self) -> bool:
        """Whether the guess just counted was the first too many: said once in the log."""
        return self._count == ALLOWED + 1

    def retry_after(self) -> int:
        """Whole seconds until the window ends, at least 1."""
        return max(1, int(self._started + WINDOW_SECONDS - self._clock()) + 1)
