"""Finished and suspended AgentJobs: deleted after their TTL, download URLs signed again before they end.

They are not in the cache and not watched. A paged LIST at every sweep finds what is due before the next one, and a heap holds
that much until its time; AgentJobs that end in between come by `schedule`.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from agentjob_api.status import TERMINAL_PHASES, Phase
from agentjob_api.workspace import Archive

from agentjob_operator.decoding import agentjob_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import KubeError, NotFound
from agentjob_operator.kube.lists import list_pages
from agentjob_operator.metrics import definitions as metrics
from agentjob_operator.metrics.recorder import Recorder
from agentjob_operator.objects import AgentJob, Key, moment
from agentjob_operator.reconcile.write import patch_status
from agentjob_operator.settings import StorageSettings
from agentjob_operator.status import rfc3339
from agentjob_operator.storage import download_url

SETTLED_PHASES: Final = (*TERMINAL_PHASES, Phase.SUSPENDED)
"""Nothing runs, and there may be an archive. A suspended AgentJob has no completionTime, and so no TTL."""
RENEW_EARLY: Final = 0.25
"""A URL is signed again in the last quarter of its life."""
PAUSE_AFTER_ERROR: Final = 10.0
TRY_AGAIN: Final = timedelta(seconds=5)
"""After a conflict or an error with one AgentJob."""
TRIES: Final = 5
"""In a row; then it is left to the next sweep."""

logger = structlog.get_logger(__name__)


class Sweep:
    """`run` for as long as this process leads."""

    def __init__(
        self,
        *,
        kube: KubeClient,
        storage: StorageSettings,
        namespaces: Sequence[str],
        page_size: int,
        seconds: float,
        clock: Callable[[], datetime],
        store_clock: Callable[[], datetime],
        recorder: Recorder,
    ) -> None:
        self._kube, self._storage, self._recorder = kube, storage, recorder
        self._clock, self._store_clock = clock, store_clock
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._page_size, self._every = page_size, timedelta(seconds=seconds)
        self._next_sweep = clock()
        self._due: list[tuple[datetime, Key]] = []
        self._failures: dict[Key, int] = {}
        self._woken = asyncio.Event()

    def schedule(self, agentjob: AgentJob) -> None:
        """Remembers what is due before the next sweep; the sweep itself finds the rest."""
        due = due_at(agentjob)
        if due is not None and due <= self._next_sweep:
            heapq.heappush(self._due, (due, agentjob.key))
            self._woken.set()

    async def run(self) -> None:
        """Until cancelled. Errors of the API server are logged; what failed is tried again, or found again by the next sweep."""
        while True:
            try:
                await self._step()
            except KubeError as error:
                logger.warning(f"sweep of finished AgentJobs: {error}", seconds=PAUSE_AFTER_ERROR)
                await asyncio.sleep(PAUSE_AFTER_ERROR)

    async def _step(self) -> None:
        now = self._clock()
        if now >= self._next_sweep:
            self._next_sweep = now + self._every
            await self._list()
        while self._due and self._due[0][0] <= self._clock():
            await self._maintain(heapq.heappop(self._due)[1])
        self._woken.clear()
        until = min([self._next_sweep, *(due for due, _ in self._due[:1])])
        wait = max(0.0, (until - self._clock()).total_seconds())
        try:
            await asyncio.wait_for(self._woken.wait(), wait + 0.001)
        except TimeoutError:
            return

    async def _list(self) -> None:
        self._due.clear()
        self._failures.clear()
        async for agentjob in self._finished():
            self.schedule(agentjob)

    async def _finished(self) -> AsyncIterator[AgentJob]:
        for namespace in self._namespaces:
            path = paths.in_namespace(paths.AGENTJOBS, namespace)
            for phase in SETTLED_PHASES:
                selectors = {"fieldSelector": f"status.phase={phase}"}
                async for page in list_pages(self._kube, path, selectors, page_size=self._page_size):
                    for raw in page:
                        yield agentjob_of(raw)

    async def _maintain(self, key: Key) -> None:
        try:
            await self._do_what_is_due(agentjob_of(await self._kube.get(paths.agentjob(*key))))
        except NotFound:
            logger.debug("gone meanwhile", namespace=key.namespace, name=key.name)
        except KubeError as error:
            self._try_again(key, error)
            return
        self._failures.pop(key, None)

    def _try_again(self, key: Key, error: KubeError) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self._recorder.count(metrics.SWEEP_FAILURES)
        log = logger.bind(namespace=key.namespace, name=key.name, tries=failures)
        if failures >= TRIES:
            log.warning(f"left to the next sweep: {error}")
            return
        log.info(f"could not be maintained: {error}", seconds=TRY_AGAIN.total_seconds())
        heapq.heappush(self._due, (self._clock() + TRY_AGAIN, key))

    async def _do_what_is_due(self, agentjob: AgentJob) -> None:
        now = self._clock()
        if agentjob.status.get("phase") not in SETTLED_PHASES or agentjob.deleting:
            return
        if (end := ttl_at(agentjob)) is not None and end <= now:
            await self._delete(agentjob)
        elif (renewal := renewal_at(agentjob)) is not None and renewal <= now:
            self.schedule(await self._renew(agentjob))
        else:
            self.schedule(agentjob)

    async def _delete(self, agentjob: AgentJob) -> None:
        preconditions = {"uid": agentjob.uid, "resourceVersion": agentjob.resource_version}
        options = {"propagationPolicy": "Background", "preconditions": preconditions}
        await self._kube.delete(paths.agentjob(*agentjob.key), options)
        self._recorder.count(metrics.EXPIRED)
        logger.info("deleted: its ttlSecondsAfterFinished is over", namespace=agentjob.namespace, name=agentjob.name)

    async def _renew(self, agentjob: AgentJob) -> AgentJob:
        key, now = agentjob.status["artifacts"]["workspace"]["key"], self._store_clock()
        url, expires = download_url(self._storage, key, agentjob.name, _expiry_seconds(agentjob), now)
        artifacts = {"downloadURL": url, "expiresAt": rfc3339(expires)}
        renewed = await patch_status(self._kube, agentjob, {"artifacts": artifacts})
        self._recorder.count(metrics.URL_RENEWALS)
        return renewed


def due_at(agentjob: AgentJob) -> datetime | None:
    """When something is to be done for a finished AgentJob; None when never."""
    times = [time for time in (ttl_at(agentjob), renewal_at(agentjob)) if time is not None]
    return min(times, default=None)


def ttl_at(agentjob: AgentJob) -> datetime | None:
    """When it is to be deleted."""
    seconds, ended = agentjob.spec.get("ttlSecondsAfterFinished"), agentjob.status.get("completionTime")
    return None if seconds is None or not ended else moment(ended) + timedelta(seconds=seconds)


def renewal_at(agentjob: AgentJob) -> datetime | None:
    """When its download URL is to be signed again."""
    artifacts = agentjob.status.get("artifacts") or {}
    expires = artifacts.get("expiresAt")
    if not expires or not artifacts.get("workspace"):
        return None
    return moment(expires) - timedelta(seconds=_expiry_seconds(agentjob) * RENEW_EARLY)


def _expiry_seconds(agentjob: AgentJob) -> int:
    archive = agentjob.spec.get("archive") or {}
    return int(archive.get("urlExpirySeconds", Archive().url_expiry_seconds))
