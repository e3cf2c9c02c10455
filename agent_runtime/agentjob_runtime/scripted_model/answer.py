"""Decides what a well-formed request gets: a reply of its script, or a fault."""

from dataclasses import dataclass
from typing import Any

from agentjob_runtime.scripted_model.expectations import check_turn, due_turn
from agentjob_runtime.scripted_model.faults import FaultCounter
from agentjob_runtime.scripted_model.history import conversation_key, next_turn, user_texts
from agentjob_runtime.scripted_model.library import Library
from agentjob_runtime.scripted_model.reply import Reply, faulty_reply, summary_reply, turn_reply
from agentjob_runtime.scripted_model.script import Fault


@dataclass(frozen=True)
class Answer:
    """What is sent, and the turn that it is of."""

    turn: int
    reply: Reply
    fault: Fault | None = None


def answer(body: dict[str, Any], library: Library, faults: FaultCounter) -> Answer:
    """Raises `NoScriptError`, `BadScriptError` and `ViolationError`."""
    messages, model = body["messages"], body["model"]
    script = library.find(model, user_texts(messages))
    number = next_turn(messages)
    turn = due_turn(script, number)
    if turn.tool_calls and not body.get("tools"):
        return Answer(number, summary_reply(body, number))
    check_turn(body, script, turn)
    count = faults.take(f"{model} {conversation_key(messages)}", number, turn.fault)
    if turn.fault and count:
        return Answer(number, faulty_reply(body, turn, number, turn.fault.kind, count), turn.fault)
    return Answer(number, turn_reply(body, turn, number))
