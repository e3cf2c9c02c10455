"""What the loop does with a model that behaves, and with one that does not."""

import os
from pathlib import Path
from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentruns.engine import run_engine
from agentruns.turns import calls, shell
from modelservers.conversation import FINISH, inline_task
from modelservers.running import running_scripted


async def outcome_of(root: Path, *turns: dict[str, Any], **options: Any) -> tuple[Verdict, Reason]:
    """Runs the turns; checks that no request broke the protocol."""
    async with running_scripted() as model:
        run = await run_engine(root, model.endpoint, inline_task(*turns), **options)
        assert model.violations() == []
    return run.outcome.verdict, run.outcome.reason


async def test_failure_is_the_agents_own_verdict(tmp_path: Path) -> None:
    """`finish(success=false)` is no crash."""
    turn = calls(("finish", {"success": False, "summary": "impossible"}))
    assert await outcome_of(tmp_path, turn) == (Verdict.FAILURE, Reason.AGENT_FAILED)


async def test_several_calls_of_a_reply_run_in_order_and_none_after_finish(tmp_path: Path) -> None:
    """Each is answered; what stands behind `finish` is not done."""
    turn = calls(
        ("run_shell", {"command": "echo 1 >> log"}),
        ("run_shell", {"command": "echo 2 >> log"}),
        ("finish", {"success": True, "summary": "ok"}),
        ("run_shell", {"command": "echo 3 >> log"}),
    )
    assert await outcome_of(tmp_path, turn) == (Verdict.SUCCESS, Reason.COMPLETED)
    assert (tmp_path / "workspace/log").read_text() == "1\n2\n"


async def test_the_step_limit_is_hard(tmp_path: Path) -> None:
    """Three steps and not one more; the model is told before."""
    turns = [shell(f"echo {number} >> log") for number in range(9)]
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task(*turns), steps=7, settings={"steps_warning": 2})
    assert (run.outcome.verdict, run.outcome.reason, run.engine.steps) == (Verdict.LIMIT, Reason.STEP_LIMIT, 7)
    assert (tmp_path / "workspace/log").read_text().split() == ["0", "1", "2", "3", "4", "5", "6"]
    assert [event["text"] for event in run.events("message")] == [
        "Only 2 steps are left. Bring the work into a good state and call finish."
    ]


async def test_names_of_files_need_not_be_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 reach neither the session nor the model as such."""
    turns = [shell("touch $'bad\\xff'"), calls(("list_files", {}), ("read_file", {"path": "missing"})), FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.SUCCESS, Reason.COMPLETED)


async def test_the_deadline_kills_the_running_command(tmp_path: Path) -> None:
    """The command would take a minute; the run ends as Timeout, and its result is there."""
    async with running_scripted() as model:
        task = inline_task(shell("sleep 60; touch late"))
        run = await run_engine(tmp_path, model.endpoint, task, timeout_seconds=4)
    assert (run.outcome.verdict, run.outcome.reason) == (Verdict.LIMIT, Reason.TIMEOUT)
    assert len(run.events("tool_result")) == 1


async def test_the_deadline_ends_a_silent_model(tmp_path: Path) -> None:
    """A model that says nothing for a minute cannot hold the job."""
    fault = {"fault": {"kind": "SlowFirstByte", "seconds": 60}, "text": "late"}
    assert await outcome_of(tmp_path, fault, timeout_seconds=1) == (Verdict.LIMIT, Reason.TIMEOUT)


async def test_a_model_that_repeats_itself_is_nudged_once_then_ended(tmp_path: Path) -> None:
    """Three times the same, a nudge, three times the same: Stuck."""
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task({**shell("echo same"), "repeat": 50}))
        assert model.violations() == []
    assert (run.outcome.verdict, run.outcome.reason, run.engine.steps) == (Verdict.CRASH, Reason.STUCK, 6)
    assert sum("round in circles" in event["text"] for event in run.events("message")) == 1


async def test_a_model_that_alternates_is_stuck(tmp_path: Path) -> None:
    """A-B-A-B with the same results is seen."""
    turns = [shell("echo a"), shell("echo b")] * 10
    assert await outcome_of(tmp_path, *turns) == (Verdict.CRASH, Reason.STUCK)


async def test_the_same_command_with_new_results_is_progress(tmp_path: Path) -> None:
    """Running the tests again after each change is not a circle."""
    turns = [{**shell("echo x >> log; wc -l log"), "repeat": 8}, FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.SUCCESS, Reason.COMPLETED)


async def test_a_nudge_helps(tmp_path: Path) -> None:
    """After the nudge another way is taken: no harm done."""
    turns = [{**shell("echo same"), "repeat": 3}, shell("echo other"), FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.SUCCESS, Reason.COMPLETED)


async def test_talk_without_a_call_is_asked_to_finish_once(tmp_path: Path) -> None:
    """The first monologue is asked, and may go on."""
    assert await outcome_of(tmp_path, shell("true"), {"text": "All done!"}, FINISH) == (
        Verdict.SUCCESS,
        Reason.COMPLETED,
    )


async def test_a_monologue_is_stuck(tmp_path: Path) -> None:
    """Twice in a row is enough."""
    turns = [{"text": "I think."}, {"text": "I am."}, FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.CRASH, Reason.STUCK)


async def test_wrong_arguments_are_told_to_the_model(tmp_path: Path) -> None:
    """Unknown fields, wrong types and broken JSON come back as results, and a good call resets the count."""
    bad = calls(("read_file", {"file": "x"}), ("run_shell", {"command": 5}))
    good = {**shell("true"), "expect": [{"contains": "do not fit"}, {"call": 1, "contains": "command"}]}
    turns = [bad, good, bad, good, bad, good, FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.SUCCESS, Reason.COMPLETED)


async def test_commands_that_time_out_again_and_again_end_the_run(tmp_path: Path) -> None:
    """The model gets each as a result; after the cap the run ends."""
    turns = [shell(f"sleep 3{number}", timeout_seconds=1) for number in range(3)]
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task(*turns), settings={"command_timeouts": 2})
    assert (run.outcome.verdict, run.outcome.reason) == (Verdict.CRASH, Reason.STUCK)
    assert [event["exitCode"] for event in run.events("tool_result")] == [None, None]


async def test_the_repositorys_advice_is_marked_as_such_and_bounded(tmp_path: Path) -> None:
    """AGENTS.md comes after the task, in a frame; never in the system prompt."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "AGENTS.md").write_text("Use tabs. " + "x" * 100_000)
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task(FINISH))
    system, task = run.messages()[:2]
    assert "Use tabs" not in system.content
    assert task.content.index("```script") < task.content.index("<agents_md>\nUse tabs.")
    assert len(task.content) < 35_000


@pytest.mark.parametrize("content", ["fifo", "folder"])
async def test_an_agents_md_that_is_no_file_is_ignored(tmp_path: Path, content: str) -> None:
    """A FIFO in its place does not block the start."""
    (tmp_path / "workspace").mkdir()
    path = tmp_path / "workspace/AGENTS.md"
    if content == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert await outcome_of(tmp_path, FINISH) == (Verdict.SUCCESS, Reason.COMPLETED)


async def test_a_long_conversation_is_compacted_and_goes_on(tmp_path: Path) -> None:
    """With a small context the run still ends well, every request keeps the protocol, and the compaction is told."""
    turns = [*[shell(f"seq {number * 1000} {number * 1000 + 900}") for number in range(1, 13)], FINISH]
    async with running_scripted() as model:
        settings = {"context_tokens": 12_000}
        run = await run_engine(tmp_path, model.endpoint, inline_task(*turns), settings=settings)
        assert model.violations() == []
    assert run.outcome.verdict is Verdict.SUCCESS, run.outcome
    assert any("compacted" in event["text"] for event in run.events("message"))


async def test_a_context_overflow_is_compacted_and_tried_again(tmp_path: Path) -> None:
    """The provider's limit counts, not ours."""
    overflow = {**shell("echo on"), "fault": {"kind": "ContextOverflow", "times": 2}}
    turns = [*[shell(f"seq {number} 3000") for number in range(1, 6)], overflow, FINISH]
    assert await outcome_of(tmp_path, *turns) == (Verdict.SUCCESS, Reason.COMPLETED)
