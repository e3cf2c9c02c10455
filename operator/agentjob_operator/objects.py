"""AgentJobs, Jobs and Pods as the cache keeps them: only what reconcile reads, frozen, made from raw JSON. Pure.

A whole Pod decodes to some 20 kB of dictionaries; what is kept here is a tenth of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from agentjob_api import names
from agentjob_api.pod import Container as PodContainer
from agentjob_api.status import TERMINAL_PHASES

ORDINARY_WAITING = frozenset({"ContainerCreating", "PodInitializing", ""})
"""Reasons of containers that wait for their turn."""
LABEL_CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
"""What the Job controller puts on its pods, and leaves there when the Job goes without them."""
BESIDE = (PodContainer.DESKTOP, PodContainer.NOTEBOOK)
"""Containers that no attempt waits for."""

Json = Mapping[str, Any]
"""A decoded JSON object."""


class Key(NamedTuple):
    """Namespace and name of an AgentJob: what the work queue holds."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class AgentJob:
    """`spec` and `status` stay raw: they are parsed where they are used."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: str
    deleting: bool
    spec: Json
    status: Json

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)

    @property
    def finished(self) -> bool:
        """Its phase is terminal: nothing is ever to be done for it but TTL and download URL."""
        return self.status.get("phase") in TERMINAL_PHASES


@dataclass(frozen=True, slots=True)
class ObjectCondition:
    """A condition of a Job or Pod."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    time: str = ""

    @property
    def telling(self) -> bool:
        """It is not merely what becomes true of every pod."""
        return (self.type, self.status) != ("PodScheduled", "True")


@dataclass(frozen=True, slots=True)
class Job:
    """`owner_uid` is the controlling owner's; `agentjob` the name in our annotation."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    owner_uid: str
    agentjob: str
    created: str
    deleting: bool
    conditions: tuple[ObjectCondition, ...]
    resumed_from: int | None = None
    """The attempt whose checkpoint it goes on from."""

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.agentjob)

    def news(self) -> tuple[object, ...]:
        """What a reconcile can do something about; empty fields mean that there is nothing."""
        return self.deleting, self.conditions

    def condition(self, *types: str) -> ObjectCondition | None:
        """The first of `types` that is True."""
        return true_condition(self.conditions, *types)


@dataclass(frozen=True, slots=True)
class Waiting:
    """ContainerStateWaiting."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Terminated:
    """ContainerStateTerminated."""

    exit_code: int
    signal: int
    reason: str
    message: str
    started_at: str
    finished_at: str


@dataclass(frozen=True, slots=True)
class Container:
    """ContainerStatus; at most one of the three states is set. Of a container that restarts, `ended` is the last end."""

    name: str
    image: str
    ready: bool = False
    waiting: Waiting | None = None
    running_since: str | None = None
    terminated: Terminated | None = None
    ended: Terminated | None = None

    @property
    def telling(self) -> bool:
        """It waits for something out of the ordinary, failed, or is one whose end is the attempt's."""
        if self.waiting is not None:
            return self.waiting.reason not in ORDINARY_WAITING
        ended = self.terminated
        return ended is not None and (ended.exit_code != 0 or self.name in (PodContainer.AGENT, PodContainer.COURIER))

    @property
    def started(self) -> bool:
        return self.running_since is not None or self.terminated is not None or self.ended is not None


@dataclass(frozen=True, slots=True)
class Pod:
    """`job_uid` is that of the Job that made it; `gone` means that it was deleted and this is its last known state."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    job_uid: str
    agentjob: str
    created: str
    deletion: str | None
    phase: str
    reason: str
    message: str
    conditions: tuple[ObjectCondition, ...]
    containers: Mapping[str, Container]
    gone: bool = False

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.agentjob)

    def condition(self, *types: str) -> ObjectCondition | None:
        """The first of `types` that is True."""
        return true_condition(self.conditions, *types)

    def news(self) -> tuple[object, ...]:
        """As of a Job: containers that go through their ordinary start are not in it."""
        agent = self.containers.get(PodContainer.AGENT)
        conditions = tuple(one for one in self.conditions if one.telling)
        return (
            *(self.gone, self.deletion, self.phase in ("Failed", "Succeeded"), self.reason, conditions),
            agent is not None and agent.started,
            tuple((one.name, one.waiting, one.terminated) for one in self.containers.values() if one.telling),
            tuple((name, one.ready) for name, one in self.containers.items() if name in BESIDE and one.started),
        )


def true_condition(conditions: tuple[ObjectCondition, ...], *types: str) -> ObjectCondition | None:
    """The first condition that is True and one of `types`."""
    return next((one for one in conditions if one.type in types and one.status == "True"), None)


JOB_CONDITIONS = frozenset({"Failed", "FailureTarget", "Complete"})
POD_CONDITIONS = frozenset({"PodScheduled", "DisruptionTarget"})
"""What is read of conditions; the others change often and would be noticed as changes."""


def moment(text: str) -> datetime:
    """An RFC 3339 time of the API as an aware datetime. Raises `ValueError`."""
    return datetime.fromisoformat(text)


def agentjob_of(raw: Json) -> AgentJob:
    """From an AgentJob's JSON."""
    meta = raw["metadata"]
    return AgentJob(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        generation=meta.get("generation", 1),
        created=meta["creationTimestamp"],
        deleting="deletionTimestamp" in meta,
        spec=raw.get("spec") or {},
        status=raw.get("status") or {},
    )


def job_of(raw: Json) -> Job:
    """From a Job's JSON."""
    meta = raw["metadata"]
    return Job(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        owner_uid=_controller_uid(meta),
        agentjob=_agentjob_name(meta),
        created=meta["creationTimestamp"],
        deleting="deletionTimestamp" in meta,
        conditions=_conditions(raw.get("status") or {}, JOB_CONDITIONS),
        resumed_from=_resumed_from(meta),
    )


def pod_of(raw: Json, *, gone: bool = False) -> Pod:
    """From a Pod's JSON."""
    meta, status = raw["metadata"], raw.get("status") or {}
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        job_uid=_controller_uid(meta) or _orphaned_by(meta),
        agentjob=_agentjob_name(meta),
        created=meta["creationTimestamp"],
        deletion=meta.get("deletionTimestamp"),
        phase=status.get("phase", ""),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        conditions=_conditions(status, POD_CONDITIONS),
        containers=_containers(status),
        gone=gone,
    )


def _agentjob_name(meta: Json) -> str:
    return str((meta.get("annotations") or {}).get(names.ANNOTATION_NAME, ""))


def _resumed_from(meta: Json) -> int | None:
    text = str((meta.get("annotations") or {}).get(names.ANNOTATION_RESUMED_FROM, ""))
    # Anybody may have written it.
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _controller_uid(meta: Json) -> str:
    return next((str(ref["uid"]) for ref in meta.get("ownerReferences") or () if ref.get("controller")), "")


def _orphaned_by(meta: Json) -> str:
    """uid of the Job that made a pod and was deleted without it (`--cascade=orphan`)."""
    return str((meta.get("labels") or {}).get(LABEL_CONTROLLER_UID, ""))


def _conditions(status: Json, wanted: frozenset[str]) -> tuple[ObjectCondition, ...]:
    return tuple(
        ObjectCondition(
            one["type"],
            one["status"],
            one.get("reason") or "",
            one.get("message") or "",
            one.get("lastTransitionTime") or "",
        )
        for one in status.get("conditions") or ()
        if one["type"] in wanted
    )


def _containers(status: Json) -> dict[str, Container]:
    statuses = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return {one["name"]: _container(one) for one in statuses}


def _container(raw: Json) -> Container:
    state = raw.get("state") or {}
    waiting, running = state.get("waiting"), state.get("running")
    return Container(
        name=raw["name"],
        image=raw.get("image", ""),
        ready=raw.get("ready", False),
        waiting=None if waiting is None else Waiting(waiting.get("reason", ""), waiting.get("message", "")),
        running_since=None if running is None else running.get("startedAt") or "",
        terminated=_terminated(state.get("terminated")),
        ended=_terminated((raw.get("lastState") or {}).get("terminated")),
    )


def _terminated(raw: Json | None) -> Terminated | None:
    if raw is None:
        return None
    return Terminated(
        exit_code=raw.get("exitCode", 0),
        signal=raw.get("signal", 0),
        reason=raw.get("reason", ""),
        message=raw.get("message", ""),
        started_at=raw.get("startedAt") or "",
        finished_at=raw.get("finishedAt") or "",
    )
