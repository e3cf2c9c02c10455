"""A turn as the reply that the model gives: its calls with ids, its size in tokens, cut where the request says. Pure."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from agentjob_runtime.scripted_model.history import call_id, fault_id, mark
from agentjob_runtime.scripted_model.script import FaultKind, ScriptedUsage, Turn

CHARACTERS_PER_TOKEN: Final = 4
"""Counts are computed, so that a test of a limit can say to the token where it is reached."""
UNKNOWN_TOOL: Final = "no_such_tool"


@dataclass(frozen=True)
class ReplyCall:
    """A tool call as it goes over the wire; `arguments` may be broken JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Reply:
    """What is sent."""

    text: str = ""
    calls: tuple[ReplyCall, ...] = ()
    usage: ScriptedUsage | None = None
    finish_reason: str = "stop"
    seconds_per_chunk: float = 0


def turn_reply(body: dict[str, Any], turn: Turn, number: int) -> Reply:
    """The reply of turn `number`."""
    named = enumerate(turn.tool_calls)
    calls = tuple(ReplyCall(call_id(number, n), call.name, _json(call.arguments)) for n, call in named)
    reply = Reply(turn.text, calls, finish_reason="tool_calls" if calls else "stop")
    reply = reply if turn.ignore_max_tokens else _cut(reply, _max_tokens(body))
    usage = None if turn.omit_usage else turn.usage or _usage(body, reply)
    return replace(reply, usage=usage, seconds_per_chunk=turn.seconds_per_chunk)


def faulty_reply(body: dict[str, Any], turn: Turn, number: int, kind: FaultKind, count: int) -> Reply:
    """The reply in which fault `kind` happens for the `count`th time; the turn's own where the fault does not change it."""
    if kind is FaultKind.EMPTY_REPLY:
        reply = Reply()
    elif kind is FaultKind.UNKNOWN_TOOL:
        reply = _calling(ReplyCall(fault_id(number, count), UNKNOWN_TOOL, "{}"))
    elif kind is FaultKind.MALFORMED_TOOL_CALL:
        name, arguments = _some_call(body, turn)
        reply = _calling(ReplyCall(fault_id(number, count), name, arguments[: max(1, len(arguments) - 2)]))
    elif kind is FaultKind.STREAM_CUT_IN_TOOL_CALL and not turn.tool_calls:
        reply = _calling(ReplyCall(call_id(number, 0), *_some_call(body, turn)))
    else:
        return turn_reply(body, turn, number)
    return replace(reply, usage=_usage(body, reply))


def summary_reply(body: dict[str, Any], due: int) -> Reply:
    """The answer to a request without tools where the due turn calls some: a summary or a title is wanted."""
    reply = Reply(f"The task is under way; the steps so far are done as planned. {mark(due - 1)}")
    return replace(reply, usage=_usage(body, reply))


def prompt_tokens(body: dict[str, Any]) -> int:
    """Tokens of a request: characters of its messages and tools as compact JSON, over four, rounded up."""
    return _tokens(len(_json(body["messages"])) + len(_json(body.get("tools") or "")))


def _calling(call: ReplyCall) -> Reply:
    return Reply(calls=(call,), finish_reason="tool_calls")


def _some_call(body: dict[str, Any], turn: Turn) -> tuple[str, str]:
    if turn.tool_calls:
        return turn.tool_calls[0].name, _json(turn.tool_calls[0].arguments)
    tools = body.get("tools") or [{"function": {"name": "run_shell"}}]
    return tools[0]["function"]["name"], _json({"command": "echo a call that a fault made up"})


def _usage(body: dict[str, Any], reply: Reply) -> ScriptedUsage:
    return ScriptedUsage(input=prompt_tokens(body), output=max(1, _tokens(_characters(reply))))


def _characters(reply: Reply) -> int:
    return len(reply.text) + sum(len(call.name) + len(call.arguments) for call in reply.calls)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _max_tokens(body: dict[str, Any]) -> int | None:
    given = [body[name] for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    return min(given, default=None)


def _cut(reply: Reply, tokens: int | None) -> Reply:
    """As models do: in the middle of whatever comes then, a tool call's arguments too."""
    if tokens is None or _tokens(_characters(reply)) <= tokens:
        return reply
    left = tokens * CHARACTERS_PER_TOKEN - len(reply.text)
    calls: list[ReplyCall] = []
    for call in reply.calls:
        left -= len(call.name)
        if left <= 0:
            break
        calls.append(replace(call, arguments=call.arguments[:left]))
        left -= len(call.arguments)
    return Reply(reply.text[: tokens * CHARACTERS_PER_TOKEN], tuple(calls), finish_reason="length")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
