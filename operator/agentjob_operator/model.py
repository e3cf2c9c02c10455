"""What the pure parts hand to each other: `observe` makes an `Observed`, `plan` a `Plan`, `status_of` reads both. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from agentjob_api.pod import Container as Name
from agentjob_api.reasons import Reason
from agentjob_api.report import ProxyUsage, Report, StoredObject

from agentjob_operator.objects import Job, Pod


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an attempt waits, as the cluster says it."""

    reason: Reason
    message: str
    """A sentence; what to do is added from the table of reasons."""
    secret: str = ""
    """With SECRET_MISSING: its name."""


class Need(Enum):
    """What `observe` must know and the cache cannot tell: reconcile finds it out and asks again."""

    JOB = auto()
    """Whether the Job is really gone, and its conditions: a GET."""
    REPORT = auto()
    """`result.json` of the attempt."""
    USAGE = auto()
    """`usage.json` of an attempt that left no report."""
    ARCHIVE = auto()
    """Whether the store holds the archive that the report names."""
    EVENTS = auto()
    """The Events of the Job (no pod came) or of the Pod (no container came)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Answers to `Need`s. The defaults mean: not asked yet."""

    prefix: str = ""
    """Of the attempt in the bucket: nothing outside of it is believed."""
    node_patience: timedelta = timedelta(seconds=60)
    """After the end of a pod's own grace: a node that still does not report its end has gone."""
    job_checked: bool = False
    job_seen: str = ""
    """uid of the attempt's Job that this process saw or made, whether or not status has it."""
    report_checked: bool = False
    stored_report: bytes | None = None
    usage_checked: bool = False
    stored_usage: bytes | None = None
    archive_checked: bool = False
    archive_problem: str = ""
    """A sentence; empty when the store holds what the report says."""
    events_checked: bool = False
    event_cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended."""

    reason: Reason
    message: str
    report: Report | None = None
    usage: ProxyUsage | None = None
    """Without a report: what the proxy had counted when the courier last stored it."""
    archive: StoredObject | None = None
    """Verified."""
    archive_reason: Reason | None = None
    archive_message: str = ""
    agent_started: str = ""
    agent_finished: str = ""
    alive: bool = False
    """Containers of it still run: its Job must be deleted."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Desktop or notebook of the current attempt."""

    ready: bool
    reason: Reason
    message: str
    alive: bool
    """It runs, or will."""
    held: bool = False
    """It waits for what does not come, and keeps the pod from ending."""


class Stage(Enum):
    """Where the current attempt is."""

    ABSENT = auto()
    """It has no Job yet."""
    STARTING = auto()
    """It has a Job; the agent has not started."""
    RUNNING = auto()
    """The agent started, and the attempt has not ended."""
    ENDED = auto()
    SUSPENDED = auto()
    """Status says that it is over and that no other follows yet. A Job of it is a leftover."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The current attempt, as Job, Pod and evidence show it."""

    attempt: int
    stage: Stage
    job: Job | None = None
    pod: Pod | None = None
    cause: Cause | None = None
    """ABSENT and STARTING only."""
    agent_started: str = ""
    secret_proven: bool = False
    """A container has started: the attempt's Secret must be there."""
    preparing: bool = False
    """STARTING, and the repository is being cloned or a workspace restored, which has a limit of its own."""
    prepared: timedelta = timedelta()
    """How long that took: it was no waiting."""
    ending: Ending | None = None
    beside: Mapping[Name, Beside] = field(default_factory=dict)
    """Desktop and notebook, those that the pod has."""
    needs: frozenset[Need] = frozenset()
    recheck_seconds: float | None = None
    """Time alone may change what is observed: look again after this."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of the limits for an attempt; None is unlimited."""

    steps: int
    tokens: int | None
    cost_usd: Decimal | None
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt ended and another one follows, not before `not_before`."""

    not_before: datetime
    counts: bool
    """Against backoffLimit; otherwise as a disruption."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """The attempt ended, or was not made; another one follows when somebody takes `suspend` back."""

    message: str
    attempts: int | None = None
    """What `status.attempts` becomes; None: what is observed."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The attempt is told to stop, and its end is waited for."""

    reason: Reason
    """SUSPENDING or CANCELLING."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The AgentJob ended."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What reconcile does, in this order: create, PATCH status, delete."""

    create: Budget | None = None
    """Create the current attempt's Job and Secret with this budget."""
    create_secret: Budget | None = None
    """The Job is there, but nothing proves that its Secret is."""
    retry: Retry | None = None
    finish: Finish | None = None
    suspend: Suspend | None = None
    halt: Halt | None = None
    resume: bool = False
    """The next attempt may be made."""
    delete: tuple[Job, ...] = field(default=())
    """Jobs that must not go on."""
    delete_first: bool = False
    """Before status is written: nobody looks after them later."""
    requeue_seconds: float | None = None
