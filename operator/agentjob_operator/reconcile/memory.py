"""What this process remembers of an AgentJob beside the cache: it saves requests and flapping, and a restart may forget it."""

from dataclasses import dataclass, field
from datetime import datetime

from agentjob_api.reasons import Reason

from agentjob_operator.model import Cause
from agentjob_operator.objects import Key


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
    cause_seen: tuple[Reason, datetime] | None = None
    events: EventNote | None = None
    store_failing_since: datetime | None = None
    patched_at: datetime | None = None


@dataclass
class Memory:
    """Notes by key."""

    notes: dict[Key, Note] = field(default_factory=dict)

    def of(self, key: Key, uid: str, attempt: int) -> Note:
        """The note, new when uid or attempt are."""
        note = self.notes.get(key)
        if note is None or note.uid != uid or note.attempt != attempt:
            note = self.notes[key] = Note(uid, attempt)
        return note

    def forget(self, key: Key) -> None:
        self.notes.pop(key, None)
