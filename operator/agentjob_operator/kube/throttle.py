"""A token bucket: what the operator may ask of the API server."""

import asyncio
from collections.abc import Callable


class Throttle:
    """`qps` requests per second on the long run, `burst` at once. First come, first served."""

    def __init__(self, qps: float, burst: int, clock: Callable[[], float] | None = None) -> None:
        self._qps, self._burst, self._tokens = qps, burst, float(burst)
        self._clock = clock
        self._at: float | None = None

    def reserve(self) -> float:
        """Takes a token, possibly a future one; returns the seconds until it is there."""
        now = self._now()
        if self._at is not None:
            self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._qps)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._qps)

    def try_acquire(self) -> bool:
        """Takes a token if one is there."""
        if self.reserve() > 0:
            self._tokens += 1
            return False
        return True

    async def acquire(self) -> None:
        """Waits for a token."""
        if (wait := self.reserve()) > 0:
            await asyncio.sleep(wait)

    def _now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()
