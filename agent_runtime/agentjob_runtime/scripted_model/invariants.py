"""What providers demand of a request to Chat Completions, checked strictly. Pure."""

import json
import re
from typing import Any, Final

from agentjob_runtime.scripted_model.history import parse_id

ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ViolationError(Exception):
    """The request breaks the protocol; the text is the sentence."""


def check_request(body: object) -> dict[str, Any]:
    """The body, when it is a well-formed request. Raises `ViolationError` with the first thing that is not."""
    if not isinstance(body, dict):
        raise ViolationError("the body is not a JSON object")
    _need(isinstance(body.get("model"), str), "model must be a string")
    _need(isinstance(body.get("messages"), list) and body["messages"], "messages must be a list that is not empty")
    _need(isinstance(body.get("stream", False) or False, bool), "stream must be a boolean")
    _need(body.get("stream") or not body.get("stream_options"), "stream_options are only allowed with stream")
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        _need(value is None or (_is_int(value) and value > 0), f"{name} must be a positive integer")
    tools = _check_tools(body.get("tools"))
    _check_messages(body["messages"], tools=bool(tools))
    return body


def tool_names(body: dict[str, Any]) -> frozenset[str]:
    """The tools that a well-formed request declares."""
    return frozenset(tool["function"]["name"] for tool in body.get("tools") or [])


def _check_tools(tools: object) -> list[dict[str, Any]]:
    if tools is None:
        return []
    _need(isinstance(tools, list) and bool(tools), "tools must be a list that is not empty")
    names: set[str] = set()
    for tool in tools if isinstance(tools, list) else []:
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict):
            raise ViolationError("a tool must have type function and an object function")
        name, parameters = function.get("name"), function.get("parameters", {})
        if not (isinstance(name, str) and _TOOL_NAME.fullmatch(name)):
            raise ViolationError(f"{name!r} cannot be the name of a tool")
        _need(name not in names, f"the tool {name} is declared twice")
        _need(isinstance(parameters, dict), f"the parameters of the tool {name} must be an object")
        names.add(name)
    return tools if isinstance(tools, list) else []


def _check_messages(messages: list[Any], *, tools: bool) -> None:
    pending: list[str] = []
    known: set[str] = set()
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        _need(isinstance(message, dict) and message.get("role") in ROLES, f"{at} has no known role")
        role = message["role"]
        if role == "tool":
            _check_result(message, at, pending)
            continue
        _need(not pending, f"{at} comes before the tool call {pending[0] if pending else ''} was answered")
        _check_place(messages, number, at, tools=tools)
        if role == "assistant":
            pending = _check_assistant(message, at, known)
        else:
            _need(_is_content(message.get("content")), f"{at} must have content")
    _need(not pending, f"the tool call {pending[0] if pending else ''} was not answered")
    _need(messages[-1]["role"] != "assistant", "the last message is the assistant's own: there is nothing to reply to")


def _check_place(messages: list[Any], number: int, at: str, *, tools: bool) -> None:
    role = messages[number]["role"]
    if role in {"system", "developer"}:
        _need(number == 0, f"{at} is a system message that is not the first message")
    elif number == 0:
        _need(not tools, "the first message must be the system message")
    if role == "assistant":
        _need(any(each["role"] == "user" for each in messages[:number]), f"{at} comes before any user message")


def _check_result(message: dict[str, Any], at: str, pending: list[str]) -> None:
    answered = message.get("tool_call_id")
    _need(isinstance(answered, str), f"{at} has no tool_call_id")
    _need(
        bool(pending),
        f"{at} answers {answered}, which is not a call of the assistant message before it, or was answered",
    )
    _need(answered == pending[0], f"{at} answers {answered} where {pending[0]} is due")
    _need(_is_content(message.get("content")), f"{at} must have content")
    pending.pop(0)


def _check_assistant(message: dict[str, Any], at: str, known: set[str]) -> list[str]:
    calls = message.get("tool_calls")
    if calls is None:
        _need(_is_content(message.get("content")), f"{at} has neither content nor tool_calls")
        return []
    _need(isinstance(calls, list) and bool(calls), f"{at}: tool_calls must be a list that is not empty")
    _need(message.get("content") is None or _is_content(message["content"]), f"{at}: content must be text or null")
    ids = [_check_call(call, f"{at}.tool_calls[{place}]") for place, call in enumerate(calls)]
    for each in ids:
        _need(each not in known, f"{at}: the tool call id {each} is used twice")
        known.add(each)
    return ids


def _check_call(call: object, at: str) -> str:
    function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
    if not isinstance(call, dict) or not isinstance(function, dict):
        raise ViolationError(f"{at} must have type function and an object function")
    identity, name, arguments = call.get("id"), function.get("name"), function.get("arguments")
    if not isinstance(identity, str) or not parse_id(identity):
        raise ViolationError(f"{at}: the id {identity!r} was never given by this model")
    _need(isinstance(name, str) and bool(name), f"{at} has no function name")
    _need(isinstance(arguments, str) and _is_object(arguments), f"{at}: the arguments are not a JSON object as text")
    return identity


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _is_content(content: object) -> bool:
    """Text, or a list of parts that is not empty."""
    if isinstance(content, list):
        return bool(content) and all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content)
    return isinstance(content, str)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _need(holds: object, sentence: str) -> None:
    if not holds:
        raise ViolationError(sentence)
