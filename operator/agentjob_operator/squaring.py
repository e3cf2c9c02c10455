"""Squares the cache with the cluster by paged LISTs: once before the first write, then every resync.

After a 410 kopf lists again without telling what has vanished, and what happened while nobody watched was never told at all.
Jobs and Pods are not listed whole: only those of unfinished AgentJobs.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from agentjob_api import names

from agentjob_operator.cache import Cache
from agentjob_operator.decoding import agentjob_of, job_of, pod_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import NotFound
from agentjob_operator.kube.lists import list_pages
from agentjob_operator.objects import Job, Key, moment
from agentjob_operator.reconcile.write import delete_job
from agentjob_operator.workqueue import WorkQueue

UIDS_PER_LIST: Final = 100
"""uids in one label selector: 4 kB of URL."""
ABANDONED: Final = timedelta(minutes=5)
"""A Job that is still active so long after its AgentJob ended should have been deleted by a process that died before."""

logger = structlog.get_logger(__name__)


class Squaring:
    """One instance; `run` may be called again and again."""

    def __init__(
        self, *, kube: KubeClient, cache: Cache, queue: WorkQueue[Key], namespaces: Sequence[str], page_size: int
    ) -> None:
        self._kube, self._cache, self._queue = kube, cache, queue
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._page_size = page_size
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> int:
        """How many AgentJobs are unfinished; all of them are enqueued. Raises `KubeError`."""
        async with self._one_at_a_time:
            return await self._run()

    async def _run(self) -> int:
        known = {key: agentjob.uid for key in self._cache if (agentjob := self._cache.agentjob(key))}
        listed: dict[Key, str] = {}
        for namespace in self._namespaces:
            async for page in self._pages(paths.AGENTJOBS, namespace, {"fieldSelector": paths.UNFINISHED}):
                for raw in page:
                    agentjob = agentjob_of(raw)
                    listed[agentjob.key] = agentjob.uid
                    self._cache.put_agentjob(agentjob)
        for key, uid in known.items():
            if listed.get(key) != uid:
                self._cache.suspect(key, uid)
        await self._children(tuple(listed.values()))
        self._cache.age()
        for key in self._cache:
            self._queue.add(key)
        return len(listed)

    async def delete_abandoned(self, now: datetime) -> int:
        """Ends Jobs whose AgentJob ended long ago; returns how many. Raises `KubeError`."""
        deleted = 0
        selectors = {"labelSelector": paths.MANAGED, "fieldSelector": "status.successful=0"}
        for namespace in self._namespaces:
            async for page in self._pages(paths.JOBS, namespace, selectors):
                for job in (job_of(raw) for raw in page):
                    if self._may_be_abandoned(job, now) and await self._ended_long_ago(job, now):
                        await delete_job(self._kube, job)
                        deleted += 1
        return deleted

    async def _children(self, uids: Sequence[str]) -> None:
        """Only those of unfinished AgentJobs: finished Jobs and Pods stay in the cluster until their TTL."""
        jobs_before = {job.uid: job for key in self._cache for job in self._cache.jobs(key)}
        pods_before = {pod.uid: pod for key in self._cache for pod in self._cache.all_pods(key)}
        jobs_listed, pods_listed = set(), set()
        for start in range(0, len(uids), UIDS_PER_LIST):
            selector = f"{paths.MANAGED},{names.LABEL_UID} in ({','.join(uids[start : start + UIDS_PER_LIST])})"
            for namespace in self._namespaces:
                async for page in self._pages(paths.JOBS, namespace, {"labelSelector": selector}):
                    for raw in page:
                        jobs_listed.add(raw["metadata"]["uid"])
                        self._cache.put_job(job_of(raw))
                async for page in self._pages(paths.PODS, namespace, {"labelSelector": selector}):
                    for raw in page:
                        pods_listed.add(raw["metadata"]["uid"])
                        self._cache.put_pod(pod_of(raw))
        # What was known before the lists began and is not in them is gone.
        for uid, job in jobs_before.items():
            if uid not in jobs_listed:
                self._cache.drop_job(job.key, job.name, uid)
        for uid, pod in pods_before.items():
            if uid not in pods_listed and not pod.gone:
                self._cache.lose_pod(pod)

    def _pages(
        self, collection: str, namespace: str | None, selectors: dict[str, str]
    ) -> AsyncIterator[list[dict[str, Any]]]:
        path = paths.in_namespace(collection, namespace)
        return list_pages(self._kube, path, selectors, page_size=self._page_size)

    def _may_be_abandoned(self, job: Job, now: datetime) -> bool:
        active = not job.deleting and job.condition("Failed", "Complete") is None
        return active and self._cache.agentjob(job.key) is None and now - moment(job.created) > ABANDONED

    async def _ended_long_ago(self, job: Job, now: datetime) -> bool:
        try:
            agentjob = agentjob_of(await self._kube.get(paths.agentjob(*job.key)))
        except NotFound:
            return False
        ended = agentjob.status.get("completionTime")
        if agentjob.uid != job.owner_uid or not agentjob.finished or not ended:
            return False
        lingering = timedelta(seconds=agentjob.spec.get("lingerSeconds") or 0)
        return now - moment(ended) > ABANDONED + lingering
