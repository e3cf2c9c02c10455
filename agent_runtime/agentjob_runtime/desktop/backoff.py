"""How long to wait before something that ended is started again. Pure."""

from typing import Final

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 30.0
TRIES: Final = 8
"""Ends in a row after less than `STEADY_SECONDS`; then it is given up."""
STEADY_SECONDS: Final = 60.0


class Backoff:
    """Of one program."""

    def __init__(self) -> None:
        self.failures = 0

    def after(self, lived_seconds: float) -> float | None:
        """Seconds to wait after it ended, having lived `lived_seconds`; None to give up."""
        if lived_seconds >= STEADY_SECONDS:
            self.failures = 0
        self.failures += 1
        if self.failures > TRIES:
            return None
        return float(min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (self.failures - 1)))
