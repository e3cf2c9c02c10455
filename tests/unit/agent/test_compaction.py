"""What compaction keeps, whatever the conversation and the target."""

import random

import pytest
from agentjob_runtime.engines.builtin.compaction import NOTE_MARK, compact, size
from agentjob_runtime.session.messages import Message, Role, ToolCall, system, tool_result, user
from agentjob_runtime.session.repair import repair

HEAD = [system("rules " * 50), user("the task " * 50, pinned=True)]


def conversation(steps: int, seed: int) -> list[Message]:
    """A well-formed conversation with calls, several results, nudges and monologues, of random sizes."""
    chance = random.Random(seed)
    messages = list(HEAD)
    for step in range(steps):
        calls = tuple(
            ToolCall(id=f"call_{step}_{n}", name="run_shell", arguments=f'{{"command": "step {step} {n}"}}')
            for n in range(chance.randrange(3))
        )
        messages.append(Message(role=Role.ASSISTANT, content=f"step {step}" if not calls else "", tool_calls=calls))
        messages.extend(tool_result(call, "x" * chance.randrange(20_000)) for call in calls)
        if not calls or chance.random() < 0.1:
            messages.append(user("go on"))
    return messages


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.0])
def test_the_invariants_hold(seed: int, share: float) -> None:
    """Rules and task first, calls with their results, the last step last, one note, never longer."""
    before = conversation(25, seed)
    target = int(size(before) * share)
    after = compact(before, target, keep_recent=6)
    assert after[:2] == HEAD
    assert repair(after) == after
    assert after[2].role is not Role.TOOL
    assert size(after) <= size(before)
    assert sum(message.content.startswith(NOTE_MARK) for message in after) <= 1
    assert after[-1].role == before[-1].role
    if share >= 0.5:
        assert size(after) <= target


def test_recent_steps_stay_whole_when_they_fit() -> None:
    """Old results are shortened first."""
    before = conversation(25, 3)
    after = compact(before, int(size(before) * 0.6), keep_recent=5)
    assert after[-8:] == before[-8:]


def test_the_note_says_what_was_done_also_after_a_second_compaction() -> None:
    """The calls of both; the note itself is not noted."""
    first = compact(conversation(20, 1), 9_000, keep_recent=2)
    more = conversation(40, 2)[2:]
    second = compact([*first, *more], 9_000, keep_recent=2)
    notes = [message.content for message in second if message.content.startswith(NOTE_MARK)]
    assert len(notes) == 1
    assert notes[0].count(NOTE_MARK) == 1
    assert len(notes[0].splitlines()) <= 61


def test_a_pinned_message_is_never_left_out() -> None:
    """The task of a resumed session stands in the middle."""
    task = user("the new task", pinned=True)
    messages = [*conversation(10, 1), task, *conversation(10, 2)[2:]]
    assert task in compact(messages, 0, keep_recent=1)


def test_nothing_to_compact_is_left_as_it_is() -> None:
    """A conversation of its head only."""
    assert compact(HEAD, 10, keep_recent=3) == HEAD
