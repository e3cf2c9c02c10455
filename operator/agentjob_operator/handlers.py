"""Event handlers: they trim what arrives, cache it and add a key to the queue. No I/O, nothing that can raise on valid objects.

    kopf (AgentJobs), kube.watch (Jobs, Pods) ─► here ─► cache, work queue ─► reconcile

An event may be lost, doubled or stale: the cache keeps the newest, squaring finds what was lost, reconcile does the rest.
"""

from collections.abc import Callable
from typing import Any, Final

import kopf
from agentjob_api import names

from agentjob_operator.cache import Cache
from agentjob_operator.decoding import agentjob_of, job_of, pod_of
from agentjob_operator.kube import paths
from agentjob_operator.objects import Key
from agentjob_operator.workqueue import WorkQueue

DELETED: Final = "DELETED"
Event = dict[str, Any]


class Handlers:
    """One method per resource; each takes a raw watch event (`type`, `object`)."""

    def __init__(self, cache: Cache, queue: WorkQueue[Key]) -> None:
        self._cache, self._queue = cache, queue

    def agentjob(self, event: Event) -> None:
        agentjob = agentjob_of(event["object"])
        if event["type"] == DELETED:
            # It was deleted, or became terminal and left the field selector: reconcile asks which.
            changed = self._cache.suspect(agentjob.key, agentjob.uid)
        else:
            changed = self._cache.put_agentjob(agentjob)
        if changed:
            self._queue.add(agentjob.key)

    def job(self, event: Event) -> None:
        job = job_of(event["object"])
        if event["type"] == DELETED:
            changed = self._cache.drop_job(job.key, job.name, job.uid)
        else:
            changed = self._cache.put_job(job)
        if changed:
            self._queue.add(job.key)

    def pod(self, event: Event) -> None:
        deleted = event["type"] == DELETED
        pod = pod_of(event["object"])
        if self._cache.lose_pod(pod) if deleted else self._cache.put_pod(pod):
            self._queue.add(pod.key)


def registry_of(handlers: Handlers, login: Callable[..., Any]) -> kopf.OperatorRegistry:
    """A kopf registry with one handler: no finalizers, no state, no default logins."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(login)

    async def on_agentjob(event: Any, **_: Any) -> None:
        handlers.agentjob(event)

    kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)(on_agentjob)
    return registry


def select(settings: kopf.OperatorSettings) -> None:
    """What the API server sends at all: AgentJobs that are not finished."""
    settings.watching.field_selectors[names.GROUP, names.VERSION, names.PLURAL] = paths.UNFINISHED
