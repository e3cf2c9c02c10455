"""A plain watch of Jobs and Pods beside kopf: 13 of the 16 events of an AgentJob are theirs.

kopf spends 0.3 to 0.4 ms on each event (json, causes, loggers, a task per object), and lists every finished Job and Pod at its start;
the budget is 3 ms per AgentJob and half a second to the first new one beside 10,000 finished. So kopf streams what is ours, the
AgentJobs, and this streams what only informs: from a resource version on, never with a LIST of everything.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import orjson
import structlog

from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Gone, KubeError, error_of

SERVER_SECONDS: Final = 300
PAUSE_BASE, PAUSE_MAXIMUM, RECONNECT_SECONDS = 0.5, 30.0, 0.1

logger = structlog.get_logger(__name__)
Event = dict[str, Any]


class Watch:
    """One collection, with a label selector. `begin` before the cache is squared, `run` after."""

    def __init__(
        self, kube: KubeClient, path: str, labels: str, handler: Callable[[Event], None], *, quiet_seconds: float
    ) -> None:
        self._kube, self._path, self._labels, self._handler = kube, path, labels, handler
        self._quiet_seconds = quiet_seconds
        self._version = ""

    async def begin(self) -> None:
        """Notes from where on events are wanted: now. Raises `KubeError`."""
        # The smallest consistent read that tells the collection's version.
        answer = await self._kube.get(self._path, {"limit": "1", "labelSelector": self._labels})
        self._version = answer["metadata"]["resourceVersion"]

    async def run(self, square: Callable[[], Awaitable[Any]]) -> None:
        """Until cancelled. `square` is called when events may have been missed; errors are logged and the stream taken up again."""
        failures = 0
        while True:
            wanted = 0.0
            try:
                async for event in self._events():
                    failures = 0
                    self._handler(event)
            except Gone:
                logger.info("the watch is too far behind, squaring", path=self._path)
                failures += not await self._again(square)
            except KubeError as error:
                failures += 1
                wanted = error.retry_after or 0.0
                logger.warning(f"watch: {error}", path=self._path, failures=failures)
            await asyncio.sleep(max(wanted, _pause(failures)))

    async def _again(self, square: Callable[[], Awaitable[Any]]) -> bool:
        try:
            await self.begin()
            await square()
        except KubeError as error:
            logger.warning(f"squaring after a lost watch: {error}", path=self._path)
            return False
        return True

    async def _events(self) -> AsyncIterator[Event]:
        params = {"watch": "true", "allowWatchBookmarks": "true", "labelSelector": self._labels}
        params |= {"resourceVersion": self._version, "timeoutSeconds": str(SERVER_SECONDS)}
        async for line in self._kube.stream(self._path, params, quiet_seconds=self._quiet_seconds):
            event: Event = orjson.loads(line)
            if event["type"] == "ERROR":
                status = event["object"]
                raise error_of(status.get("code", 0), status, None, f"WATCH {self._path}")
            self._version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                yield event


def _pause(failures: int) -> float:
    # Also after an ordinary end: a proxy that ends every stream at once must not be asked a thousand times a second.
    return min(PAUSE_MAXIMUM, PAUSE_BASE * 2 ** min(failures, 10)) if failures else RECONNECT_SECONDS
