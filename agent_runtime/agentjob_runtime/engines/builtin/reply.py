"""Puts a streamed reply together. Pure: chunks in, one `Reply` out.

IncompleteReplyError    the stream ended before the model did, or is not one of Chat Completions: never act on it
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from agentjob_runtime.common.text import clean
from agentjob_runtime.session.messages import Message, Role, ToolCall


class IncompleteReplyError(Exception):
    """Without a `finish_reason` even a tool call that looks whole may be cut."""


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(BaseModel):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(BaseModel):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens of one call, as the provider counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    usage: Usage | None = None


@dataclass(frozen=True)
class Reply:
    """A whole reply."""

    message: Message
    finish_reason: str
    refusal: str
    usage: Usage | None
    malformed: frozenset[str]
    """Ids of calls whose arguments are not a JSON object; the message holds a stand-in for them."""


class ReplyBuilder:
    """Takes chunks one by one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._content: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    def add(self, chunk: Any) -> None:
        """Raises `IncompleteReplyError` for what is no chunk, or when the reply is longer than the limit."""
        try:
            parsed = _Chunk.model_validate(chunk)
        except ValidationError as error:
            raise IncompleteReplyError("the model's endpoint sent something that is not a chat completion") from error
        self._usage = parsed.usage or self._usage
        for choice in parsed.choices or []:
            if choice.index == 0:
                self._finish_reason = choice.finish_reason or self._finish_reason
                self._add_delta(choice.delta or _Delta())

    def _add_delta(self, delta: _Delta) -> None:
        self._grow(self._content, delta.content)
        self._grow(self._refusal, delta.refusal)
        for part in delta.tool_calls or []:
            call = self._calls.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
            function = part.function or _Function()
            call["id"] = call["id"] or part.id or ""
            call["name"] = call["name"] or function.name or ""
            call["arguments"] += function.arguments or ""
            self._count(function.arguments)

    def _grow(self, parts: list[str], text: str | None) -> None:
        if text:
            parts.append(text)
            self._count(text)

    def _count(self, text: str | None) -> None:
        self._size += len(text or "")
        if self._size > self._limit:
            raise IncompleteReplyError(f"the model's reply is longer than {self._limit:,} characters")

    def build(self, fresh_ids: Iterable[str]) -> Reply:
        """The reply; `fresh_ids` are for calls without an id of their own. Raises `IncompleteReplyError`."""
        if self._finish_reason is None:
            raise IncompleteReplyError("the model's reply was cut off")
        ids = iter(fresh_ids)
        calls: list[ToolCall] = []
        malformed: set[str] = set()
        for _, raw in sorted(self._calls.items()):
            call_id = clean(raw["id"])
            if not call_id or any(call.id == call_id for call in calls):
                call_id = next(ids)
            arguments = _json_object(raw["arguments"])
            if arguments is None:
                malformed.add(call_id)
                arguments = json.dumps({"malformed_arguments": clean(raw["arguments"])[:2000]})
            calls.append(ToolCall(id=call_id, name=clean(raw["name"]), arguments=arguments))
        message = Message(role=Role.ASSISTANT, content=clean("".join(self._content)), tool_calls=tuple(calls))
        return Reply(message, self._finish_reason, clean("".join(self._refusal)), self._usage, frozenset(malformed))


def _json_object(text: str) -> str | None:
    """The text, if it is a JSON object or empty (some models send nothing for no arguments)."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return clean(text or "{}") if isinstance(value, dict) else None
