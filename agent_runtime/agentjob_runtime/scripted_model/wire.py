"""A reply as OpenAI writes it: one completion, or the chunks of a stream. Pure."""

import json
from collections.abc import Iterator
from typing import Any, Final

from agentjob_runtime.scripted_model.reply import Reply
from agentjob_runtime.scripted_model.script import ScriptedUsage

DONE: Final = b"data: [DONE]\n\n"
_PIECES: Final = 12
"""Texts and arguments come in about this many chunks."""
_Json = dict[str, Any]


def completion(reply: Reply, model: str, identity: str) -> _Json:
    """The object of a call that is not streamed."""
    message: _Json = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.calls:
        message["tool_calls"] = [_call(call.id, call.name, call.arguments) for call in reply.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    whole = {"id": identity, "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}
    return whole | ({"usage": _usage(reply.usage)} if reply.usage else {})


def chunks(reply: Reply, model: str, identity: str) -> list[_Json]:
    """The chunks with content, the last one with `finish_reason`."""
    deltas = [({"role": "assistant", "content": ""}, None), *((delta, None) for delta in _deltas(reply))]
    return [_chunk(delta, end, model, identity) for delta, end in [*deltas, ({}, reply.finish_reason)]]


def usage_chunk(reply: Reply, model: str, identity: str) -> _Json:
    """The chunk after the last, which `stream_options.include_usage` asks for."""
    return _frame(model, identity) | {"choices": [], "usage": _usage(reply.usage) if reply.usage else None}


def event(chunk: _Json) -> bytes:
    """A chunk as a server-sent event."""
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def error(code: str, message: str, kind: str = "invalid_request_error") -> _Json:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _deltas(reply: Reply) -> Iterator[_Json]:
    yield from ({"content": piece} for piece in _pieces(reply.text))
    for index, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": index} | _call(call.id, call.name, "")]}
        for piece in _pieces(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(text: str) -> Iterator[str]:
    size = max(4, -(-len(text) // _PIECES))
    return (text[start : start + size] for start in range(0, len(text), size))


def _chunk(delta: _Json, finish_reason: str | None, model: str, identity: str) -> _Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _frame(model, identity) | {"choices": [choice]}


def _frame(model: str, identity: str) -> _Json:
    return {"id": identity, "object": "chat.completion.chunk", "created": 0, "model": model}


def _call(identity: str, name: str, arguments: str) -> _Json:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def _usage(usage: ScriptedUsage) -> _Json:
    total = usage.input + usage.output
    return {"prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": total}
