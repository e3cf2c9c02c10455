"""The flow of one reconcile. Level-triggered: it may be called at any time, any number of times."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from agentjob_api.reasons import Reason
from agentjob_api.report import StoredObject
from agentjob_api.status import AgentJobStatus, Phase

from agentjob_operator.cache import Cache
from agentjob_operator.decoding import agentjob_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Conflict, NotFound, Refused
from agentjob_operator.manifests import Attempt, Remaining, Tokens, attempt_name, build_job, build_secret
from agentjob_operator.model import Budget, Cause, Evidence, Need, Observed, Plan
from agentjob_operator.objects import AgentJob, Job, Key, Pod
from agentjob_operator.observe import observe
from agentjob_operator.plan import plan
from agentjob_operator.reconcile.create import create
from agentjob_operator.reconcile.errors import Stalled, Waiting
from agentjob_operator.reconcile.evidence import Gatherer, claimed_archive
from agentjob_operator.reconcile.memory import Memory, Note
from agentjob_operator.reconcile.network import NetworkPolicies
from agentjob_operator.reconcile.restore import newest_checkpoint
from agentjob_operator.reconcile.write import delete_job, emit, patch_status
from agentjob_operator.settings import Settings
from agentjob_operator.status import (
    Base,
    Download,
    Links,
    event_of,
    merge_patch,
    pause,
    settle,
    status_json,
    status_of,
)
from agentjob_operator.storage import ObjectStore, StoreError, download_url, key_prefix, upload_grant

ROUNDS: Final = 6
"""Of asking for evidence; there are five kinds."""
LOOK_AGAIN_SECONDS: Final = 2.5
"""After a create: whether a pod came."""
SECRET_PAUSE: Final = timedelta(seconds=30)
"""Between two tries to create the attempt's Secret again."""
REFUSED_SECONDS: Final = 10.0
"""Between two tries to create what was refused."""

logger = logging.getLogger(__name__)


class Reconciler:
    """Everything it needs is handed in; `finished` is told of each AgentJob that ended, or was suspended, here; `recorded` of each
    status that was written."""

    def __init__(
        self,
        *,
        kube: KubeClient,
        store: ObjectStore,
        cache: Cache,
        settings: Settings,
        network: NetworkPolicies,
        clock: Callable[[], datetime],
        finished: Callable[[AgentJob], None],
        recorded: Callable[[AgentJob, AgentJobStatus, AgentJobStatus, Observed, Plan], None],
    ) -> None:
        self._kube, self._store, self._cache, self._settings = kube, store, cache, settings
        self._network, self._clock = network, clock
        self._finished, self._recorded = finished, recorded
        self._gatherer = Gatherer(kube, store, cache)
        self._memory = Memory()

    async def reconcile(self, key: Key) -> float | None:
        """Seconds after which to look again, if time alone can change something. Raises `Stalled`, `Waiting`, `KubeError`."""
        agentjob = await self._current(key)
        if agentjob is None or agentjob.deleting:
            self._memory.forget(key)
            return None
        spec, status = self._memory.parse(agentjob)
        number = max(1, status.attempts)
        note = self._memory.of(key, agentjob.uid, number)
        attempt = Attempt(key.namespace, key.name, agentjob.uid, number, spec, Remaining.all_of(spec))
        observed = await self._observe(agentjob, attempt, note)
        todo = plan(
            *(spec, status, observed, self._clock()),
            disruption_cap=self._settings.disruption_cap,
            older=self._older(agentjob, number),
            untouched=agentjob.generation == 1,
        )
        waits: list[float | None] = [todo.requeue_seconds]
        note.secret_known = note.secret_known and not _own_secret_gone(note, attempt, observed, self._clock())
        budget = todo.create or (None if note.secret_known else todo.create_secret)
        if budget is not None:
            observed, pause = await self._create(attempt, note, observed, budget, job=todo.create is not None)
            waits.append(pause)
        observed, note.cause_seen, grace = settle(observed, status, note.cause_seen, self._clock())
        waits.append(grace)
        if todo.delete_first:
            await self._delete(todo)
        waits.append(await self._write(agentjob, status, observed, todo, note))
        if not todo.delete_first:
            await self._delete(todo)
        return min((wait for wait in waits if wait is not None), default=None)

    async def _delete(self, todo: Plan) -> None:
        for job in todo.delete:
            await delete_job(self._kube, job)

    async def _current(self, key: Key) -> AgentJob | None:
        if self._cache.is_suspect(key):
            # DELETED says that it is gone or that it left the field selector: only a GET tells which.
            await self._refresh(key)
        return self._cache.agentjob(key)

    async def _refresh(self, key: Key) -> None:
        try:
            raw = await self._kube.get(paths.agentjob(*key))
        except NotFound:
            self._cache.forget(key)
            return
        self._cache.trust(key)
        self._cache.put_agentjob(agentjob_of(raw))

    async def _observe(self, agentjob: AgentJob, attempt: Attempt, note: Note) -> Observed:
        patience = timedelta(seconds=self._settings.node_lost_seconds)
        evidence = Evidence(prefix=key_prefix(self._settings.storage, attempt), node_patience=patience)
        for _ in range(ROUNDS):
            job, pod = self._children(agentjob, attempt, note)
            if job is not None:
                note.job_uid = note.job_uid or job.uid
            evidence = replace(evidence, job_seen=note.job_uid)
            observed = observe(agentjob, job, pod, evidence, self._clock())
            if not observed.needs:
                return observed
            for need in observed.needs:
                evidence = await self._answer(need, evidence, observed, attempt, note)
        raise RuntimeError(f"observe still needs {observed.needs} after {ROUNDS} rounds")

    async def _answer(
        self, need: Need, evidence: Evidence, observed: Observed, attempt: Attempt, note: Note
    ) -> Evidence:
        now = self._clock()
        if need is Need.JOB:
            return await self._gatherer.job(attempt, evidence)
        if need is Need.REPORT:
            return await self._gatherer.report(note, evidence, now)
        if need is Need.USAGE:
            return await self._gatherer.usage(note, evidence, now)
        if need is Need.ARCHIVE:
            claimed = claimed_archive(attempt, observed.pod, evidence)
            return await self._gatherer.archive(note, evidence, claimed, now)
        subject = observed.pod or observed.job
        if subject is None:
            raise LookupError("observe asked for Events of nothing")
        return await self._gatherer.events(note, subject, evidence, now)

    def _children(self, agentjob: AgentJob, attempt: Attempt, note: Note) -> tuple[Job | None, Pod | None]:
        job = self._cache.job(agentjob.key, attempt.object_name)
        if job is not None and job.owner_uid != agentjob.uid:
            job = None
        uid = agentjob.status.get("jobUID") or note.job_uid or (job.uid if job else "")
        pods = self._cache.pods(agentjob.key, uid) if uid else []
        return job, _last([pod for pod in pods if not pod.gone]) or _last(pods)

    def _older(self, agentjob: AgentJob, number: int) -> list[tuple[Job, Pod | None]]:
        earlier = {attempt_name(agentjob.name, agentjob.uid, n) for n in range(1, number)}
        jobs = [j for j in self._cache.jobs(agentjob.key) if j.name in earlier and j.owner_uid == agentjob.uid]
        return [(job, _last(self._cache.pods(agentjob.key, job.uid))) for job in jobs]

    async def _create(
        self, attempt: Attempt, note: Note, observed: Observed, budget: Budget, *, job: bool
    ) -> tuple[Observed, float]:
        remaining = Remaining(budget.steps, budget.tokens, budget.cost_usd, budget.timeout_seconds)
        attempt = replace(attempt, remaining=remaining)
        if job and (cause := await self._network.prepare(attempt)) is not None:
            return self._refused(attempt, observed, cause)
        grant = upload_grant(attempt, self._settings.storage, self._store.clock.now())
        try:
            found = await newest_checkpoint(self._store, self._settings.storage, attempt)
        except StoreError as error:
            logger.warning("attempt %d waits: is there a checkpoint? %s", attempt.number, error)
            return replace(observed, cause=Cause(Reason.STORE_UNAVAILABLE, str(error))), REFUSED_SECONDS
        resumed_from, restore = found or (None, None)
        attempt = replace(attempt, resumed_from=resumed_from)
        created = await create(
            *(self._kube, attempt),
            secret=None
            if note.secret_known
            else build_secret(attempt, grant, Tokens.random(), self._settings, restore),
            job=build_job(attempt, self._settings) if job else None,
        )
        note.secret_known = note.secret_known or created.secret
        if created.job is not None:
            note.job_uid = created.job.uid
            self._cache.put_job(created.job)
            goes_on = "" if resumed_from is None else f", from the checkpoint of attempt {resumed_from}"
            logger.info("created the Job %s (attempt %d%s)", created.job.name, attempt.number, goes_on)
        if created.cause is None:
            return observed, LOOK_AGAIN_SECONDS
        return self._refused(attempt, replace(observed, job=observed.job or created.job), created.cause)

    def _refused(self, attempt: Attempt, observed: Observed, cause: Cause) -> tuple[Observed, float]:
        logger.warning("attempt %d cannot be created: %s", attempt.number, cause.message)
        return replace(observed, cause=cause), REFUSED_SECONDS

    async def _write(
        self, agentjob: AgentJob, status: AgentJobStatus, observed: Observed, todo: Plan, note: Note
    ) -> float | None:
        now = self._clock()
        base = Base(agentjob.generation, status, now, self._links(agentjob))
        wanted = status_of(base, observed, todo, self._sign(agentjob))
        if wanted == status or not (patch := merge_patch(agentjob.status, status_json(wanted))):
            return None
        if (wait := pause(status, wanted, note.patched_at, now)) is not None:
            return wait
        try:
            written = await patch_status(self._kube, agentjob, patch)
        except Conflict as error:
            await self._refresh(agentjob.key)
            raise Waiting("the AgentJob has changed meanwhile", 0) from error
        except NotFound:
            self._cache.forget(agentjob.key)
            return None
        except Refused as error:
            await self._refresh(agentjob.key)
            raise Stalled(f"the API server refuses the status: {error}") from error
        self._after_write(written, wanted, note, now)
        self._recorded(written, status, wanted, observed, todo)
        if (event := event_of(status, wanted, normal=self._settings.events.normal)) is not None:
            await emit(self._kube, written, event, now)
        # Taken back before it took effect: no event will come that wakes it again.
        taken_back = todo.suspend is not None and not agentjob.spec.get("suspend")
        if todo.resume or taken_back:
            return 0.0
        return None if todo.retry is None else (todo.retry.not_before - now).total_seconds()

    def _after_write(self, written: AgentJob, wanted: AgentJobStatus, note: Note, now: datetime) -> None:
        note.patched_at = now
        logger.info("%s: %s", wanted.phase, wanted.reason)
        self._cache.put_agentjob(written)
        if written.finished:
            self._memory.forget(written.key)
        if written.finished or wanted.phase is Phase.SUSPENDED:
            self._finished(written)

    def _links(self, agentjob: AgentJob) -> Links:
        linger = self._memory.parse(agentjob)[0].linger_seconds
        return Links(self._settings.access.url_template, agentjob.namespace, agentjob.name, linger)

    def _sign(self, agentjob: AgentJob) -> Callable[[StoredObject], Download]:
        def sign(archive: StoredObject) -> Download:
            seconds = self._memory.parse(agentjob)[0].archive.url_expiry_seconds
            return Download(
                *download_url(self._settings.storage, archive.key, agentjob.name, seconds, self._store.clock.now())
            )

        return sign


def _own_secret_gone(note: Note, attempt: Attempt, observed: Observed, now: datetime) -> bool:
    """The kubelet misses the attempt's own Secret: it was deleted by hand. At most once in `SECRET_PAUSE`, as its word may be an old one."""
    if observed.cause is None or observed.cause.secret != attempt.object_name:
        return False
    if note.secret_missed_at is not None and now - note.secret_missed_at < SECRET_PAUSE:
        return False
    note.secret_missed_at = now
    logger.warning("the Secret %s of the attempt is not there; creating it again", attempt.object_name)
    return True


def _last(pods: list[Pod]) -> Pod | None:
    return pods[-1] if pods else None
