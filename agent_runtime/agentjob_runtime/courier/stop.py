"""How much time the courier has: as much as it needs, until the pod is told to stop."""

import math
import time
from types import FrameType
from typing import Final

GRACE_SECONDS: Final = 120.0
"""`terminationGracePeriodSeconds` of the pod."""
AGENT_SECONDS: Final = 60.0
"""How long the agent may take to end after SIGTERM before its workspace is packed as it is."""
ARCHIVE_SECONDS: Final = 100.0
"""After SIGTERM: when packing and uploading the workspace has to be over."""
RESULT_SECONDS: Final = 112.0
"""After SIGTERM: when the last upload has to be over."""
_STEP: Final = 0.2


class Stop:
    """Set by the SIGTERM handler; read by every thread. A plain attribute: a handler must not take locks."""

    def __init__(self) -> None:
        self._at = math.inf

    def request(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Handler of SIGTERM; later calls change nothing."""
        self._at = min(self._at, time.monotonic())

    @property
    def requested(self) -> bool:
        """Whether the pod was told to stop."""
        return self._at < math.inf

    def remaining(self, seconds_after: float) -> float:
        """Seconds until `seconds_after` the request; infinite before it."""
        return self._at + seconds_after - time.monotonic()


class StopBudget:
    """An `upload.uploader.Budget`: endless, until SIGTERM leaves `seconds_after`."""

    def __init__(self, stop: Stop, seconds_after: float) -> None:
        self._stop, self._seconds_after = stop, seconds_after

    def remaining(self) -> float:
        """Seconds left."""
        return self._stop.remaining(self._seconds_after)

    def wait(self, seconds: float) -> None:
        """Sleeps in small steps: a request in between may shorten what is left."""
        end = time.monotonic() + seconds
        while (left := min(end - time.monotonic(), self.remaining())) > 0:
            time.sleep(min(_STEP, left))


class ClosingBudget(StopBudget):
    """The same, and once closed no longer than until `closes_at`."""

    def __init__(self, stop: Stop, seconds_after: float) -> None:
        super().__init__(stop, seconds_after)
        self.closes_at = math.inf
        """By `time.monotonic()`."""

    def remaining(self) -> float:
        """Seconds left."""
        return min(super().remaining(), self.closes_at - time.monotonic())
