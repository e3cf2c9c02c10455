"""The work queue's metrics, as client-go's workqueue has them."""

import time
from collections.abc import Hashable
from typing import Final

from agentjob_operator.metrics import definitions as d
from agentjob_operator.metrics.recorder import Recorder

NAME: Final = "agentjobs"
"""Label `name` of every `workqueue_*` series."""


class QueueMetrics:
    """Told by the queue; `depth` and the ages are read at a scrape."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        for counter in (d.QUEUE_ADDS, d.QUEUE_RETRIES):
            recorder.begin(counter, NAME)
        self._added: dict[Hashable, float] = {}
        self._taken: dict[Hashable, float] = {}

    def added(self, key: Hashable) -> None:
        """Not while it waits already."""
        self._added[key] = time.monotonic()
        self._recorder.count(d.QUEUE_ADDS, NAME)

    def taken(self, key: Hashable) -> None:
        now = self._taken[key] = time.monotonic()
        self._recorder.observe(d.QUEUE_WAITED, now - self._added.pop(key, now), NAME)

    def done(self, key: Hashable) -> None:
        now = time.monotonic()
        self._recorder.observe(d.QUEUE_WORK, now - self._taken.pop(key, now), NAME)

    def retried(self) -> None:
        self._recorder.count(d.QUEUE_RETRIES, NAME)

    @property
    def depth(self) -> int:
        return len(self._added)

    def ages(self) -> list[float]:
        """Seconds, of each key that is being processed."""
        now = time.monotonic()
        return [now - since for since in self._taken.values()]
