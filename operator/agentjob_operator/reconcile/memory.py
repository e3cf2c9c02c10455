"""What this process remembers of an AgentJob beside the cache: it saves requests and flapping, and a restart may forget it."""

from dataclasses import dataclass, field
from datetime import datetime

from agentjob_api.reasons import Reason
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus
from pydantic import ValidationError

from agentjob_operator.model import Cause
from agentjob_operator.objects import AgentJob, Key
from agentjob_operator.reconcile.errors import Stalled


@dataclass
class EventNote:
    """The answer to the last question for Events."""

    subject: str
    """uid of the Job or Pod."""
    asked_at: datetime
    cause: Cause | None


@dataclass
class Note:
    """Of one AgentJob (by uid) and its current attempt."""

    uid: str
    attempt: int = 0
    job_uid: str = ""
    secret_known: bool = False
    secret_missed_at: datetime | None = None
    """When the kubelet was last believed that the attempt's own Secret is not there."""
    cause_seen: tuple[Reason, datetime] | None = None
    events: EventNote | None = None
    store_failing_since: datetime | None = None
    patched_at: datetime | None = None


@dataclass
class Memory:
    """Notes by key, and what was parsed last: most reconciles see the same spec and status as the one before."""

    notes: dict[Key, Note] = field(default_factory=dict)
    parsed: dict[Key, tuple[AgentJob, AgentJobSpec, AgentJobStatus]] = field(default_factory=dict)

    def parse(self, agentjob: AgentJob) -> tuple[AgentJobSpec, AgentJobStatus]:
        """Raises `Stalled` when the cluster's schema and ours differ: an upgrade that stopped half-way."""
        known = self.parsed.get(agentjob.key)
        if known is not None and known[0] is agentjob:
            return known[1], known[2]
        same_spec = known is not None and (known[0].uid, known[0].generation) == (agentjob.uid, agentjob.generation)
        try:
            spec = known[1] if known is not None and same_spec else AgentJobSpec.model_validate(agentjob.spec)
            status = AgentJobStatus.model_validate(agentjob.status)
        except ValidationError as error:
            raise Stalled(f"the AgentJob cannot be read, is the CRD of this version? {error}") from error
        self.parsed[agentjob.key] = (agentjob, spec, status)
        return spec, status

    def of(self, key: Key, uid: str, attempt: int) -> Note:
        """The note, new when uid or attempt are."""
        note = self.notes.get(key)
        if note is None or note.uid != uid or note.attempt != attempt:
            note = self.notes[key] = Note(uid, attempt)
        return note

    def forget(self, key: Key) -> None:
        self.notes.pop(key, None)
        self.parsed.pop(key, None)
