"""Does the request fit the turn that is due: are its tools declared, and did the last tools say what the script expects. Pure."""

import re
from typing import Any

from agentjob_runtime.scripted_model.history import last_pictures, last_results, parse_id
from agentjob_runtime.scripted_model.invariants import ViolationError, tool_names
from agentjob_runtime.scripted_model.script import Expectation, Script, Turn

_SHOWN = 300


def due_turn(script: Script, turn: int) -> Turn:
    """The turn. Raises `ViolationError` when the script has no more."""
    if turn >= len(script.turns):
        raise ViolationError(
            f"the script has {len(script.turns)} turns and all were taken: the agent should have ended"
        )
    return script.turns[turn]


def check_turn(body: dict[str, Any], script: Script, turn: Turn) -> None:
    """Raises `ViolationError`."""
    _check_known_calls(body["messages"], script)
    declared = tool_names(body)
    for call in turn.tool_calls:
        if call.name not in declared:
            raise ViolationError(f"the script calls the tool {call.name}, which the request does not declare")
    results = last_results(body["messages"])
    pictures = last_pictures(body["messages"])
    for expectation in turn.expect:
        _check_expectation(expectation, results)
        if expectation.pictures not in (None, pictures):
            raise ViolationError(f"the script expects {expectation.pictures} pictures, there are {pictures}")


def _check_known_calls(messages: list[dict[str, Any]], script: Script) -> None:
    calls = (call for message in messages for call in message.get("tool_calls") or [])
    for call in calls:
        turn, number, fault = parse_id(call["id"]) or (0, 0, True)
        given = script.turns[turn].tool_calls if turn < len(script.turns) else ()
        if not fault and (number >= len(given) or given[number].name != call["function"]["name"]):
            raise ViolationError(
                f"the tool call {call['id']} to {call['function']['name']} was never made by this script"
            )


def _check_expectation(expectation: Expectation, results: list[str]) -> None:
    if expectation.call >= len(results):
        raise ViolationError(f"the script expects a result of call {expectation.call}, there are {len(results)}")
    result = results[expectation.call]
    shown = result if len(result) <= _SHOWN else f"{result[:_SHOWN]}…"
    if expectation.contains is not None and expectation.contains not in result:
        raise ViolationError(f"the script expects {expectation.contains!r} in the tool's result: {shown}")
    if expectation.matches is not None and not re.search(expectation.matches, result, re.MULTILINE):
        raise ViolationError(f"the script expects the tool's result to match {expectation.matches!r}: {shown}")
    if expectation.exit_code is not None and not _exited(result, expectation.exit_code):
        raise ViolationError(f"the script expects exit code {expectation.exit_code}: {shown}")


def _exited(result: str, code: int) -> bool:
    """As the tools of the engine Builtin write it."""
    return re.search(rf"\bexit code:? {code}\b", result, re.IGNORECASE) is not None
