"""The agent's entry point, run as the pod runs it, against the scripted model."""

from pathlib import Path

from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentruns.run import AgentJobFiles, run_agent
from agentruns.turns import shell
from modelservers.conversation import FINISH, inline_task
from modelservers.running import running_scripted


async def test_a_job_is_done_from_the_task_to_the_result(tmp_path: Path) -> None:
    """The whole contract once: started, events on file and stdout alike, session, result, exit code."""
    async with running_scripted() as model:
        turns = [shell("echo hello > greeting.txt"), {**FINISH, "expect": [{"exitCode": 0}]}]
        run = await run_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(*turns)))
        assert run.exit_code == ExitCode.SUCCESS, run.stderr
        assert model.violations() == []
    assert (run.paths.workspace / "greeting.txt").read_text() == "hello\n"
    result = run.result()
    assert (result.verdict, result.reason, result.steps) == (Verdict.SUCCESS, Reason.COMPLETED, 2)
    assert run.paths.started.exists()
    assert run.paths.events.read_text() == run.stdout
    events = run.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["type"] for event in events]
    assert kinds[0] == "session"
    assert kinds[-1] == "result"
    assert {"step", "tool_call", "tool_result", "usage", "message"} <= set(kinds)
