"""A keyed work queue as in client-go: between the handlers, which add keys, and the workers, which reconcile them.

A key that is added again while it waits is held once; while it is being processed, it is processed once more afterwards, never
at the same time. Delays are held per key, the earliest wins: reconcile is level-triggered and asks for the next delay itself.
"""

import asyncio
import heapq
import math
import random
from collections.abc import Hashable
from typing import Generic, TypeVar

from agentjob_operator.metrics.queue import QueueMetrics

K = TypeVar("K", bound=Hashable)


class QueueShutDown(Exception):  # noqa: N818 - a signal to workers, not an error
    """`get` after `shut_down`: nothing more is to be done."""


class WorkQueue(Generic[K]):
    """For one event loop. `base` and `maximum` are the backoff's bounds in seconds."""

    def __init__(
        self, *, base: float, maximum: float, metrics: QueueMetrics, random_source: random.Random | None = None
    ) -> None:
        self._metrics = metrics
        self._base, self._maximum = base, maximum
        self._random = random_source or random.Random()
        self._ready: asyncio.Queue[K | None] = asyncio.Queue()
        self._dirty: set[K] = set()
        self._processing: set[K] = set()
        self._failures: dict[K, int] = {}
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._shut_down = False
        self._moved = 0.0

    def __len__(self) -> int:
        """Keys that are ready and not being processed."""
        return self._ready.qsize()

    def stuck_seconds(self) -> float:
        """How long keys have been ready without one of them being taken."""
        return asyncio.get_running_loop().time() - self._moved if self._ready.qsize() and not self._shut_down else 0.0

    def add(self, key: K) -> None:
        """Makes `key` ready now."""
        self._due.pop(key, None)
        if self._shut_down or key in self._dirty:
            return
        self._dirty.add(key)
        self._metrics.added(key)
        if key not in self._processing:
            self._put(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Makes `key` ready in `seconds`, unless it is due earlier."""
        if seconds <= 0:
            self.add(key)
            return
        due = asyncio.get_running_loop().time() + seconds
        if self._shut_down or key in self._dirty or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, key))
        self._arm()

    def retry(self, key: K) -> float:
        """Adds `key` after its backoff (doubling, between half and the whole of it by chance); returns that, in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        full = min(self._maximum, math.ldexp(self._base, min(failures, 30)))
        delay = full * (0.5 + self._random.random() / 2)
        self._metrics.retried()
        self.add_after(key, delay)
        return delay

    def failures(self, key: K) -> int:
        """Retries in a row."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """Ends the backoff of `key`."""
        self._failures.pop(key, None)

    async def get(self) -> K:
        """The next key; `done` must follow. Raises `QueueShutDown`."""
        key = await self._ready.get()
        if key is None:
            self._ready.put_nowait(None)
            raise QueueShutDown
        self._moved = asyncio.get_running_loop().time()
        self._dirty.discard(key)
        self._processing.add(key)
        self._metrics.taken(key)
        self._idle.clear()
        return key

    def done(self, key: K) -> None:
        """Ends the processing of `key`; it becomes ready again when it was added meanwhile."""
        self._processing.discard(key)
        self._metrics.done(key)
        if key in self._dirty:
            self._put(key)
        if not self._processing:
            self._idle.set()

    def shut_down(self) -> None:
        """Nothing is handed out any more; what is being processed may finish."""
        self._shut_down = True
        self._dirty.clear()
        self._due.clear()
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while not self._ready.empty():
            self._ready.get_nowait()
        self._ready.put_nowait(None)

    async def drained(self) -> None:
        """Returns once nothing is being processed."""
        await self._idle.wait()

    def _put(self, key: K) -> None:
        if self._ready.empty():
            self._moved = asyncio.get_running_loop().time()
        self._ready.put_nowait(key)

    def _arm(self) -> None:
        first = self._heap[0][0]
        if self._timer is not None:
            if self._timer.when() <= first:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(first, self._release)

    def _release(self) -> None:
        self._timer = None
        # A timer may fire a clock tick early; without the slack it would be armed again for nothing.
        now = asyncio.get_running_loop().time() + 0.001
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                self.add(key)
        if self._heap:
            self._arm()
