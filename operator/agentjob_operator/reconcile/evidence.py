"""Answers to what `observe` needs and the cache cannot tell."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from agentjob_api.pod import WORKSPACE_VOLUME, Container
from agentjob_api.report import StoredObject

from agentjob_operator.cache import Cache
from agentjob_operator.decoding import job_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import NotFound
from agentjob_operator.kube.throttle import Throttle
from agentjob_operator.manifests import Attempt
from agentjob_operator.model import Cause, Evidence
from agentjob_operator.objects import Job, Key, Pod
from agentjob_operator.observe import parse_report, parse_usage
from agentjob_operator.observe.waiting import event_cause
from agentjob_operator.reconcile.errors import Waiting
from agentjob_operator.reconcile.memory import EventNote, Note
from agentjob_operator.storage import NotFound as NoObject
from agentjob_operator.storage import ObjectStore, StoreError, mismatch

EVENTS_FRESH: Final = timedelta(seconds=15)
EVENTS_PER_SECOND: Final = 2.0
"""Of all AgentJobs together: when a thousand wait for their pods, asking for a thousand lists of Events helps nobody."""
STORE_PATIENCE: Final = timedelta(minutes=15)
"""How long a store that fails is waited for before what it holds counts as not there."""
STORE_PAUSE: Final = 5.0

logger = logging.getLogger(__name__)


class Gatherer:
    """Asks API server and store."""

    def __init__(self, kube: KubeClient, store: ObjectStore, cache: Cache) -> None:
        self._kube, self._store, self._cache = kube, store, cache
        self._events = Throttle(EVENTS_PER_SECOND, 5)

    async def job(self, attempt: Attempt, evidence: Evidence) -> Evidence:
        """Whether the Job is really gone; the cache has it again when not."""
        name, key = attempt.object_name, Key(attempt.namespace, attempt.name)
        try:
            job = job_of(await self._kube.get(paths.job(attempt.namespace, name)))
        except NotFound:
            known = self._cache.job(key, name)
            if known is not None:
                self._cache.drop_job(key, name, known.uid)
        else:
            self._cache.put_job(job)
        return replace(evidence, job_checked=True)

    async def report(self, note: Note, evidence: Evidence, now: datetime) -> Evidence:
        """`result.json`. Raises `Waiting` while the store fails and patience lasts."""
        try:
            stored = await self._store.fetch_report(evidence.prefix)
        except StoreError as error:
            _be_patient(note, error, now)
            stored = None
        else:
            note.store_failing_since = None
        return replace(evidence, report_checked=True, stored_report=stored)

    async def usage(self, note: Note, evidence: Evidence, now: datetime) -> Evidence:
        """`usage.json` of an attempt without a report. Raises `Waiting` as `report` does."""
        try:
            stored = await self._store.fetch_usage(evidence.prefix)
        except StoreError as error:
            _be_patient(note, error, now)
            stored = None
        else:
            note.store_failing_since = None
        if parse_usage(stored) is None:
            logger.warning(
                "%s: no report and no usable count; tokens and cost of this attempt are not booked", evidence.prefix
            )
        return replace(evidence, usage_checked=True, stored_usage=stored)

    async def archive(self, note: Note, evidence: Evidence, claimed: StoredObject, now: datetime) -> Evidence:
        """Whether the store holds what the report claims. Raises `Waiting` as `report` does."""
        try:
            problem = mismatch(claimed, await self._store.head(claimed.key)) or ""
        except NoObject:
            problem = f"{claimed.key} is not in the store."
        except StoreError as error:
            _be_patient(note, error, now)
            problem = str(error)
        else:
            note.store_failing_since = None
        return replace(evidence, archive_checked=True, archive_problem=problem)

    async def events(self, note: Note, subject: Job | Pod, evidence: Evidence, now: datetime) -> Evidence:
        """What the Events of the Job or Pod say; an older answer while questions are rationed."""
        last = note.events if note.events is not None and note.events.subject == subject.uid else None
        if last is None or (now - last.asked_at > EVENTS_FRESH and self._events.try_acquire()):
            if last is None and not self._events.try_acquire():
                return replace(evidence, events_checked=True)
            last = note.events = EventNote(subject.uid, now, await self._cause(subject))
        return replace(evidence, events_checked=True, event_cause=last.cause)

    async def _cause(self, subject: Job | Pod) -> Cause | None:
        found = await self._list(subject.namespace, f"involvedObject.uid={subject.uid}")
        if isinstance(subject, Pod) and subject.condition("PodScheduled") is None:
            # That of a generic ephemeral volume: https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#persistentvolumeclaim-naming
            claim = f"{subject.name}-{WORKSPACE_VOLUME}"
            wanted = f"involvedObject.kind=PersistentVolumeClaim,involvedObject.name={claim}"
            found += await self._list(subject.namespace, wanted)
        return event_cause(found)

    async def _list(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        answer = await self._kube.get(paths.events(namespace), {"fieldSelector": selector, "limit": "100"})
        return answer.get("items") or []


def claimed_archive(attempt: Attempt, pod: Pod | None, evidence: Evidence) -> StoredObject:
    """What the valid report names, in the pod or in the store. Only asked for with `Need.ARCHIVE`."""
    courier = pod.containers.get(Container.COURIER) if pod is not None else None
    text = courier.terminated.message if courier is not None and courier.terminated is not None else None
    for candidate in (text, evidence.stored_report):
        report = parse_report(candidate, uid=attempt.uid, attempt=attempt.number, prefix=evidence.prefix)
        if report is not None and report.workspace is not None:
            return report.workspace
    raise LookupError("observe asked for the archive of a report that names none")


def _be_patient(note: Note, error: StoreError, now: datetime) -> None:
    since = note.store_failing_since = note.store_failing_since or now
    if now - since < STORE_PATIENCE:
        raise Waiting(f"the object store: {error}", STORE_PAUSE) from error
    logger.error("the object store has failed since %s, going on without it: %s", since, error)
