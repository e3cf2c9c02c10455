"""Makes a conversation shorter. Pure. A call and its results stay together, or go together.

What is kept: what is pinned (the system prompt and the task), then the latest steps. What goes first: the text of old tool results;
then whole old steps, in whose place a note lists the calls that were made.
"""

from collections.abc import Sequence
from typing import Final

from agentjob_runtime.common.text import head_and_tail, one_line
from agentjob_runtime.session.messages import Message, Role, user

RESULT_CHARACTERS: Final = 600
"""What is left of an old tool result."""
NOTE_MARK: Final = "[Earlier steps were left out to fit the context.]"
NOTE_LINES: Final = 60

Step = list[Message]
"""An assistant's message with the results of its calls, or one message alone."""


def size(messages: Sequence[Message]) -> int:
    """Characters of a request, about."""
    return sum(message.size() for message in messages)


def split_steps(messages: Sequence[Message]) -> list[Step]:
    """The steps of a well-formed conversation."""
    steps: list[Step] = []
    for message in messages:
        if message.role is Role.TOOL and steps:
            steps[-1].append(message)
        else:
            steps.append([message])
    return steps


def shorten_results(step: Step) -> Step:
    """The step with its tool results cut to head and tail."""
    return [
        message.model_copy(update={"content": head_and_tail(message.content, RESULT_CHARACTERS)})
        if message.role is Role.TOOL
        else message
        for message in step
    ]


def _note(dropped: Sequence[Step]) -> Message:
    lines: list[str] = []
    for message in (message for step in dropped for message in step):
        if message.role is Role.USER and message.content.startswith(NOTE_MARK):
            lines.extend(message.content.splitlines()[1:])
        lines.extend(f"- {call.name} {one_line(call.arguments, 120)}" for call in message.tool_calls)
    return user("\n".join([NOTE_MARK, *lines[-NOTE_LINES:]]))


def compact(messages: Sequence[Message], target: int, keep_recent: int) -> list[Message]:
    """The conversation in about `target` characters, or as near to it as keeping the last step allows."""
    head = [message for message in messages if message.pinned]
    steps = split_steps([message for message in messages if not message.pinned])
    recent = min(keep_recent, len(steps))
    steps = [shorten_results(step) for step in steps[: len(steps) - recent]] + steps[len(steps) - recent :]
    if _fits(head, [], steps, target):
        return _joined(head, [], steps)
    for drop in range(1, len(steps)):
        if _fits(head, steps[:drop], steps[drop:], target):
            return _joined(head, steps[:drop], steps[drop:])
    return _joined(head, steps[:-1], [shorten_results(step) for step in steps[-1:]])


def _joined(head: list[Message], dropped: list[Step], kept: list[Step]) -> list[Message]:
    note = [_note(dropped)] if dropped else []
    return [*head, *note, *(message for step in kept for message in step)]


def _fits(head: list[Message], dropped: list[Step], kept: list[Step], target: int) -> bool:
    return size(_joined(head, dropped, kept)) <= target
