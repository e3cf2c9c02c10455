"""The session file: one JSON object a line, only ever appended to.

{"kind": "session", "sessionID", "uid", "attempt"}    opens a session, or an attempt that goes on with it
{"kind": "message", "message": {…}}                   one item of the conversation
{"kind": "compaction", "messages": […]}               from here on the conversation is this one
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from agentjob_runtime.common.files import open_regular
from agentjob_runtime.session.messages import Message
from agentjob_runtime.session.repair import repair


class SessionHeader(BaseModel):
    """Whose conversation it is."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    kind: Literal["session"] = "session"
    session_id: str = Field(alias="sessionID")
    uid: str
    attempt: int


class MessageItem(BaseModel):
    """One more message."""

    kind: Literal["message"] = "message"
    message: Message


class CompactionItem(BaseModel):
    """The whole conversation after a compaction."""

    kind: Literal["compaction"] = "compaction"
    messages: tuple[Message, ...]


Item = Annotated[SessionHeader | MessageItem | CompactionItem, Field(discriminator="kind")]
ITEM: TypeAdapter[Item] = TypeAdapter(Item)


class SessionCorruptError(Exception):
    """A line in the middle of the session file cannot be read: going on would lose what follows unseen."""


@dataclass
class Session:
    """What a session file says."""

    header: SessionHeader | None = None
    messages: list[Message] = field(default_factory=list)
    repaired: bool = False
    """Dangling calls were answered."""


def load(path: Path) -> tuple[Session, int]:
    """The session at `path` and the length in bytes of its whole lines. A torn last line is left out, dangling calls are answered.

    A file that is not there is an empty session. Raises `SessionCorruptError`, or `OSError`.
    """
    session, good = Session(), 0
    if not path.exists():
        return session, good
    with os.fdopen(open_regular(path), "rb") as file:
        lines = file.readlines()
    for number, line in enumerate(lines, 1):
        try:
            if not line.endswith(b"\n"):
                break
            _apply(session, ITEM.validate_python(json.loads(line)))
        except (ValueError, ValidationError) as error:
            if number == len(lines):
                break
            raise SessionCorruptError(f"{path}, line {number}: {error}") from error
        good += len(line)
    whole = repair(session.messages)
    session.repaired, session.messages = whole != session.messages, whole
    return session, good


def _apply(session: Session, item: Item) -> None:
    match item:
        case SessionHeader():
            session.header = item
        case MessageItem():
            session.messages.append(item.message)
        case CompactionItem():
            session.messages = list(item.messages)


class SessionStore:
    """Appends to the session file; `sync` once a step makes it survive the pod."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.loaded, good = load(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.ftruncate(self._file, good)
        if self.loaded.repaired:  # a synthetic result belongs where its call is, so it cannot be appended
            self.replace(self.loaded.messages)

    def open_session(self, header: SessionHeader) -> None:
        """Starts a session, or says that another attempt goes on with it."""
        self._append(header)

    def append(self, message: Message) -> None:
        """One more message."""
        self._append(MessageItem(message=message))

    def replace(self, messages: Sequence[Message]) -> None:
        """The conversation after a compaction."""
        self._append(CompactionItem(messages=tuple(messages)))

    def _append(self, item: SessionHeader | MessageItem | CompactionItem) -> None:
        data = item.model_dump_json(by_alias=True, exclude_defaults=False).encode() + b"\n"
        while data:
            data = data[os.write(self._file, data) :]

    def sync(self) -> None:
        """Waits until everything is on disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Syncs and closes."""
        self.sync()
        os.close(self._file)
