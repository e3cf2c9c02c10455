"""Makes a history one that providers accept: every call is answered once, right after it, in order; no answer without a call."""

from collections.abc import Sequence
from typing import Final

from agentjob_runtime.session.messages import Message, Role, tool_result

LOST: Final = "The result of this call was lost: the run was interrupted. It may or may not have taken effect."


def repair(messages: Sequence[Message]) -> list[Message]:
    """The same conversation with a synthetic result for each dangling call, and without results that answer nothing."""
    repaired: list[Message] = []
    position = 0
    while position < len(messages):
        message = messages[position]
        position += 1
        if message.role is Role.TOOL:
            continue
        repaired.append(message)
        if message.tool_calls:
            answers: dict[str, Message] = {}
            while position < len(messages) and messages[position].role is Role.TOOL:
                answers.setdefault(messages[position].tool_call_id, messages[position])
                position += 1
            repaired.extend(answers.get(call.id) or tool_result(call, LOST) for call in message.tool_calls)
    return repaired
