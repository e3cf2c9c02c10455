"""AgentJobs, Jobs and Pods as the cache keeps them: only what reconcile reads, frozen. Pure.

A whole Pod decodes to some 20 kB of dictionaries; what is kept here is a tenth of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from agentjob_api.pod import Container as PodContainer
from agentjob_api.status import TERMINAL_PHASES

ORDINARY_WAITING = frozenset({"ContainerCreating", "PodInitializing", ""})
"""Reasons of containers that wait for their turn."""
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


def moment(text: str) -> datetime:
    """An RFC 3339 time of the API as an aware datetime. Raises `ValueError`."""
    return datetime.fromisoformat(text)
