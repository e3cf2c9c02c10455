"""The session file: append-only, a torn tail, dangling calls, a session that goes on."""

import json
from pathlib import Path

import pytest
from agentjob_runtime.session.messages import Message, Role, ToolCall, system, tool_result, user
from agentjob_runtime.session.repair import LOST, repair
from agentjob_runtime.session.store import SessionCorruptError, SessionHeader, SessionStore, load
from agentruns.engine import run_engine
from agentruns.turns import shell
from modelservers.conversation import FINISH, inline_task
from modelservers.running import running_scripted

CALL_A, CALL_B = (ToolCall(id=f"call_0_{n}", name="run_shell", arguments="{}") for n in range(2))
ASKED = Message(role=Role.ASSISTANT, content="I ask.", tool_calls=(CALL_A, CALL_B))
CONVERSATION = [system("rules"), user("task", pinned=True), ASKED, tool_result(CALL_A, "a"), tool_result(CALL_B, "b")]


def stored(path: Path, messages: list[Message]) -> bytes:
    """A session file with the messages."""
    store = SessionStore(path)
    store.open_session(SessionHeader(session_id="s", uid="u", attempt=1))
    for message in messages:
        store.append(message)
    store.close()
    return path.read_bytes()


def test_a_conversation_comes_back_as_it_was(tmp_path: Path) -> None:
    """Whole, with its header; and opening it again appends nothing."""
    path = tmp_path / "session.jsonl"
    data = stored(path, CONVERSATION)
    again = SessionStore(path)
    again.close()
    assert again.loaded.messages == CONVERSATION
    assert again.loaded.header == SessionHeader(session_id="s", uid="u", attempt=1)
    assert path.read_bytes() == data


def test_every_torn_tail_is_survived(tmp_path: Path) -> None:
    """Cut anywhere in the last line: what stood before is whole, the dangling call is answered, and appending goes on."""
    path = tmp_path / "session.jsonl"
    data = stored(path, CONVERSATION)
    last = data.rindex(b"\n", 0, -1) + 1
    for cut in range(last + 1, len(data)):
        path.write_bytes(data[:cut])
        store = SessionStore(path)
        store.append(user("next"))
        store.close()
        assert store.loaded.messages == [*CONVERSATION[:-1], tool_result(CALL_B, LOST)], cut
        assert load(path)[0].messages == [*store.loaded.messages, user("next")]


def test_a_bad_line_in_the_middle_is_loud(tmp_path: Path) -> None:
    """Going on would lose what follows without a word."""
    path = tmp_path / "session.jsonl"
    lines = stored(path, CONVERSATION).splitlines(keepends=True)
    for bad in (b"{\n", b"7\n", b'{"kind": "other"}\n', b"\xff\n"):
        path.write_bytes(b"".join([*lines[:2], bad, *lines[2:]]))
        with pytest.raises(SessionCorruptError, match="line 3"):
            load(path)


def test_repair_answers_each_call_once_and_in_order() -> None:
    """Missing, doubled, swapped and orphaned results."""
    b, a = tool_result(CALL_B, "b"), tool_result(CALL_A, "a")
    assert repair([user("t"), b, ASKED, b, a, a, user("x")]) == [user("t"), ASKED, a, b, user("x")]
    assert repair([ASKED]) == [ASKED, tool_result(CALL_A, LOST), tool_result(CALL_B, LOST)]
    assert repair(CONVERSATION) == CONVERSATION


def test_malformed_json_never_reaches_the_history() -> None:
    """What is sent back is always an object."""
    wire = ASKED.to_wire()
    assert [json.loads(call["function"]["arguments"]) for call in wire["tool_calls"]] == [{}, {}]
    assert Message(role=Role.ASSISTANT, tool_calls=(CALL_A,)).to_wire()["content"] is None


async def test_an_interrupted_run_goes_on_without_the_prompt(tmp_path: Path) -> None:
    """Killed between a call and its result: the second run sends the whole history, and the task once."""
    turns = [shell("echo one"), shell("echo two"), FINISH]
    async with running_scripted() as model:
        task = inline_task(*turns)
        first = await run_engine(tmp_path, model.endpoint, task, steps=1)
        path = first.files.paths.session
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))  # its last result is lost
        second = await run_engine(tmp_path, model.endpoint, task)
        assert model.violations() == []
    assert second.outcome.verdict == "Success", second.outcome
    assert second.engine.session_id == first.engine.session_id
    assert second.events("session")[-1]["resumed"]
    texts = [message.content for message in second.messages()]
    assert LOST in texts
    assert sum("```script" in text for text in texts) == 1


async def test_a_resumed_session_with_a_new_task_keeps_the_old_conversation(tmp_path: Path) -> None:
    """The new task is one more message, which no compaction may leave out."""
    path = tmp_path / "run/agentjob/session/session.jsonl"
    path.parent.mkdir(parents=True)
    store = SessionStore(path)
    store.open_session(SessionHeader(session_id="old", uid="another job", attempt=1))
    for message in (system("rules"), user("old task", pinned=True), Message(role=Role.ASSISTANT, content="done")):
        store.append(message)
    store.close()
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task({"text": "ignored"}, FINISH))
    assert run.outcome.verdict == "Success", run.outcome
    new = run.messages()[3]
    assert (new.role, new.pinned) == (Role.USER, True)
    assert new.content.startswith("There is a new task")
