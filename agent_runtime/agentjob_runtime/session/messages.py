"""The conversation's items: OpenAI Chat Completions messages, immutable, and always well-formed on the wire."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field


class Role(StrEnum):
    """Roles of Chat Completions that are used here."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


IMAGE_CHARACTERS: Final = 4_000
"""What a picture counts for: about 1,200 tokens for a screen."""


class ToolCall(BaseModel):
    """One call that the model asks for."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str
    """A JSON object as text; what the model wrote, or a stand-in when that was not JSON (providers refuse it in a history)."""

    def to_wire(self) -> dict[str, Any]:
        """As an element of `tool_calls`."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


class Message(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(frozen=True)

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message."""
    tool_call_id: str = ""
    """Of a tool's message: the call that it answers."""
    image: str = Field(default="", exclude=True, repr=False)
    """A picture beside the text of a user's message, as a data URL; not kept in the session file."""
    pinned: bool = False
    """Never left out by a compaction: rules and tasks."""

    def to_wire(self) -> dict[str, Any]:
        """As an element of the request's `messages`."""
        wire: dict[str, Any] = {"role": str(self.role), "content": self.content}
        if self.tool_calls:
            wire["tool_calls"] = [call.to_wire() for call in self.tool_calls]
            wire["content"] = self.content or None
        if self.image:
            picture = {"type": "image_url", "image_url": {"url": self.image}}
            wire["content"] = [{"type": "text", "text": self.content}, picture]
        if self.role is Role.TOOL:
            wire["tool_call_id"] = self.tool_call_id
        return wire

    def size(self) -> int:
        """Characters that it brings to a request, about."""
        calls = sum(len(call.name) + len(call.arguments) + 40 for call in self.tool_calls)
        return len(self.content) + calls + 20 + (IMAGE_CHARACTERS if self.image else 0)


def system(text: str) -> Message:
    """A system message."""
    return Message(role=Role.SYSTEM, content=text, pinned=True)


def user(text: str, pinned: bool = False) -> Message:
    """A user message."""
    return Message(role=Role.USER, content=text, pinned=pinned)


def tool_result(call: ToolCall, text: str) -> Message:
    """The answer to `call`."""
    return Message(role=Role.TOOL, content=text, tool_call_id=call.id)


def picture(text: str, image: str) -> Message:
    """A picture for the model: results of tools can be text only."""
    return Message(role=Role.USER, content=text, image=image)


def with_recent_pictures(messages: Sequence[Message], count: int) -> list[Message]:
    """The same conversation with its last `count` pictures only: each is sent, and paid, again with every request."""
    holders = [index for index, message in enumerate(messages) if message.image]
    old = set(holders[: max(0, len(holders) - count)])
    return [
        message.model_copy(update={"image": ""}) if index in old else message for index, message in enumerate(messages)
    ]
