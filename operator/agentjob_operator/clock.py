"""The time as a server has it, from the `Date` of its answers, where this machine's clock is wrong.

Deadlines compare with times that the API server wrote, and S3 refuses what was signed with a clock that is off by 15 minutes: a download
URL signed by one that is ahead would not work for as long. So a clock that is far off is told about and put right, not relied on.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

TOLERANCE: Final = timedelta(seconds=30)
"""What clocks may differ by without anybody noticing; `Date` has whole seconds, and an answer takes its time."""
EVERY_SECONDS: Final = 1.0

logger = structlog.get_logger(__name__)


def _own() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Of one server, `peer`. Until that has answered, this machine's."""

    def __init__(
        self, peer: str, *, own: Callable[[], datetime] = _own, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.peer, self._own, self._monotonic = peer, own, monotonic
        self._heard: datetime | None = None
        self._at = float("-inf")
        self._told = False

    def now(self) -> datetime:
        """Aware and UTC: this machine's time when it is right, otherwise the server's."""
        skew = self.skew()
        return self._own() if abs(skew) <= TOLERANCE else self._own() - skew

    def skew(self) -> timedelta:
        """How far this machine's clock is ahead of the server's."""
        if self._heard is None:
            return timedelta(0)
        # Since then by the monotonic clock: a clock that is put right is right at once.
        return self._own() - (self._heard + timedelta(seconds=self._monotonic() - self._at))

    def heard(self, date: str | None) -> None:
        """`Date` of an answer that has just come; looked at once in a second."""
        if date is None or self._monotonic() - self._at < EVERY_SECONDS:
            return
        try:
            heard = parsedate_to_datetime(date)
        except ValueError:
            logger.debug("a Date that is none", peer=self.peer, date=date[:100])
            return
        self._heard, self._at = heard.astimezone(UTC), self._monotonic()
        self._tell()

    def _tell(self) -> None:
        skew = self.skew()
        wrong = abs(skew) > TOLERANCE
        if wrong and not self._told:
            way = "ahead of" if skew > timedelta(0) else "behind"
            seconds = round(abs(skew.total_seconds()))
            logger.warning(
                f"this machine's clock is {seconds} s {way} that of {self.peer}, whose time is used; correct it"
            )
        if self._told and not wrong:
            logger.info(f"this machine's clock agrees with that of {self.peer} again")
        self._told = wrong
