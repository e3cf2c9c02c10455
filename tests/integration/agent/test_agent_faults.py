"""The entry point under everything that a hostile or unlucky job does to it: each leaves a result, and nothing running."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentruns.processes import alive, peak_memory
from agentruns.run import AgentJobFiles, AgentRun, run_agent, started_agent
from agentruns.turns import shell
from modelservers.conversation import FINISH, inline_task
from modelservers.running import RunningScripted, running_scripted


@pytest.fixture
async def model() -> AsyncIterator[RunningScripted]:
    """A scripted model."""
    async with running_scripted() as running:
        yield running


def locked(run: AgentRun) -> bool:
    """Somebody holds the lock."""
    with run.paths.lock.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def written_pids(run: AgentRun) -> list[int]:
    """By the job's commands, into the file `pids`."""
    path = run.paths.workspace / "pids"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


async def test_nothing_that_was_left_running_outlives_the_agent(tmp_path: Path, model: RunningScripted) -> None:
    """A background child, one in a session of its own, and one that forks on and on: all gone before the lock is."""
    command = (
        "sleep 300 >/dev/null 2>&1 & echo $! >> pids; "
        "setsid bash -c 'echo $$ >> pids; exec sleep 300' >/dev/null 2>&1 & "
        "(setsid bash -c 'echo $$ >> pids; while true; do sleep 0.01 & wait; done' >/dev/null 2>&1 &) ; sleep 0.3"
    )
    run = await run_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(shell(command), FINISH)))
    assert run.exit_code == ExitCode.SUCCESS, run.stderr
    assert len(written_pids(run)) == 3
    assert not any(alive(pid) for pid in written_pids(run))
    assert not locked(run)


async def test_no_command_inherits_the_lock_or_the_event_file(tmp_path: Path, model: RunningScripted) -> None:
    """With SIGKILL to the agent the lock is free at once, although a child of it lives on."""
    command = "ls -l /proc/self/fd > fds; echo $$ > pids; sleep 300"
    async with started_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(shell(command)))) as run:
        await run.until(lambda: bool(written_pids(run)))
        assert locked(run)
        run.process.send_signal(signal.SIGKILL)
        await run.wait()
        pid = written_pids(run)[0]
        try:
            assert not locked(run)
            assert alive(pid)
        finally:
            os.killpg(pid, signal.SIGKILL)
    descriptors = (run.paths.workspace / "fds").read_text()
    assert str(run.paths.run_dir) not in descriptors
    assert not run.paths.agent_result.exists()


async def test_the_agents_shell_may_delete_every_file_of_the_contract(tmp_path: Path, model: RunningScripted) -> None:
    """The courier has opened lock and events before: it sees each event, and the lock's end, and finds the result."""
    files = AgentJobFiles(tmp_path, model.endpoint, "")
    files.task = inline_task(shell(f"cd {files.paths.run_dir}; rm -rf *; ls -A; echo gone"), FINISH)
    async with started_agent(files) as run:
        with run.paths.events.open("rb") as events, run.paths.lock.open("r+b") as lock:
            await run.until(run.paths.started.exists)
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            seen = events.read().decode()
        assert await run.wait() == ExitCode.SUCCESS, run.stderr
    assert seen == run.stdout
    assert run.result().verdict is Verdict.SUCCESS


@pytest.mark.parametrize("name", ["result.json", "events.jsonl", "session"])
async def test_a_folder_in_a_files_place_is_replaced_or_told(tmp_path: Path, model: RunningScripted, name: str) -> None:
    """The exit code is the contract's whatever could not be written."""
    files = AgentJobFiles(tmp_path, model.endpoint, "")
    files.task = inline_task(shell(f"cd {files.paths.run_dir}; rm -rf {name}; mkdir -p {name}/x"), FINISH)
    run = await run_agent(files)
    assert run.exit_code == ExitCode.SUCCESS, run.stderr
    assert run.stdout.count('"type":"result"') == 1


@pytest.mark.parametrize(
    "turn",
    [
        shell("echo $$ > pids; trap '' TERM; sleep 300"),
        {"text": "x", "fault": {"kind": "SlowFirstByte", "seconds": 60}},
    ],
)
async def test_sigterm_ends_the_run_in_order(tmp_path: Path, model: RunningScripted, turn: dict[str, object]) -> None:
    """In a command that ignores it, and in a call of the model: a result, the exit code, nothing left."""
    async with started_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(turn))) as run:
        in_command = "toolCalls" in turn
        await run.until(lambda: bool(written_pids(run)) if in_command else bool(run.events("step")))
        run.process.send_signal(signal.SIGTERM)
        run.process.send_signal(signal.SIGTERM)
        assert await run.wait() == ExitCode.AGENT_CRASH, run.stderr
    result = run.result()
    assert (result.verdict, result.reason, result.steps) == (Verdict.CRASH, Reason.AGENT_KILLED, 1)
    assert run.events("retry") == []
    assert not any(alive(pid) for pid in written_pids(run))


async def test_a_workspace_that_fills_up_ends_the_run(tmp_path: Path, model: RunningScripted) -> None:
    """Before the kubelet evicts the pod, and with the writer killed."""
    command = "echo $$ > pids; head -c 20000000 /dev/zero > big; sleep 300"
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(shell(command)), workspace_bytes=20_000_000)
    run = await run_agent(files)
    assert run.exit_code == ExitCode.AGENT_LIMIT, run.stderr
    assert (run.result().verdict, run.result().reason) == (Verdict.LIMIT, Reason.WORKSPACE_FULL)
    assert not any(alive(pid) for pid in written_pids(run))


@pytest.mark.parametrize(
    ("folder", "limit", "name"),
    [("home/agent", "home_bytes", "home folder"), ("tmp", "tmp_bytes", "/tmp"), ("run/agentjob", "run_bytes", "/run/")],
)
async def test_another_volume_that_filled_up_ends_the_run_and_is_named(
    tmp_path: Path, model: RunningScripted, folder: str, limit: str, name: str
) -> None:
    """Its overflow would evict the pod without an archive, just as the workspace's."""
    turns = [shell(f"mkdir -p {tmp_path}/{folder} && head -c 20000000 /dev/zero > {tmp_path}/{folder}/big"), FINISH]
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(*turns), limits_bytes={limit: 10 << 20})
    run = await run_agent(files)
    assert run.exit_code == ExitCode.AGENT_LIMIT, run.stderr
    assert run.result().reason is Reason.WORKSPACE_FULL
    assert name in run.result().message
    assert "workspace.size" not in run.result().message


async def test_a_workspace_that_filled_up_in_no_time_is_no_success(tmp_path: Path, model: RunningScripted) -> None:
    """Written and finished before anybody looked: it would not fit the volume."""
    turns = [shell("head -c 20000000 /dev/zero > big"), FINISH]
    run = await run_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(*turns), workspace_bytes=10 << 20))
    assert run.exit_code == ExitCode.AGENT_LIMIT, run.stderr
    assert run.result().reason is Reason.WORKSPACE_FULL
    assert "of 10Mi" in run.result().message


async def test_a_flood_costs_no_memory(tmp_path: Path, model: RunningScripted) -> None:
    """A gigabyte of output from one command: the agent's own peak stays that of a small program."""
    turns = [shell("head -c 1000000000 /dev/zero", timeout_seconds=300), shell("touch done; sleep 300")]
    async with started_agent(AgentJobFiles(tmp_path, model.endpoint, inline_task(*turns))) as run:
        await run.until((run.paths.workspace / "done").exists, seconds=60)
        peak = peak_memory(run.process.pid)
        run.process.send_signal(signal.SIGTERM)
        await run.wait()
    assert peak < 150_000, f"{peak} kB"
    assert run.events("tool_result")[0]["ok"]


async def test_an_agent_waits_for_the_courier(tmp_path: Path, model: RunningScripted) -> None:
    """Nothing runs before the courier has opened lock and events."""
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(shell("touch ran"), FINISH), courier=False)
    async with started_agent(files) as run:
        await run.until(run.paths.session.exists)
        assert locked(run)
        assert not run.paths.started.exists()
        run.paths.courier_ready.touch()
        assert await run.wait() == ExitCode.SUCCESS, run.stderr


async def test_sigterm_before_the_courier_leaves_a_result(tmp_path: Path, model: RunningScripted) -> None:
    """And `started`, without which a courier that comes late would wait for ever."""
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(FINISH), courier=False)
    async with started_agent(files) as run:
        await run.until(run.paths.session.exists)
        await asyncio.sleep(0.2)
        run.process.send_signal(signal.SIGTERM)
        assert await run.wait() == ExitCode.AGENT_CRASH, run.stderr
    assert run.paths.started.exists()
    assert run.result().reason is Reason.AGENT_KILLED


@pytest.mark.parametrize("broken", ["config", "task", "settings"])
async def test_an_unreadable_configuration_is_a_bug_that_says_so(
    tmp_path: Path, model: RunningScripted, broken: str
) -> None:
    """Exit code CONFIG, and a result for the courier."""
    files = AgentJobFiles(tmp_path, model.endpoint, "" if broken == "task" else "task")
    if broken == "settings":
        files.settings = {"tries": "many"}
    files.write()
    if broken == "config":
        files.environment = {"AGENTJOB_ROOT": str(tmp_path / "other")}
        files.root = tmp_path / "other"
        files.write()
        files.paths.config.write_text("{}")
        files.write = lambda: None  # type: ignore[method-assign]
    run = await run_agent(files)
    assert run.exit_code == ExitCode.CONFIG, run.stderr
    assert run.result().reason is Reason.AGENT_CRASHED
    assert run.paths.started.exists()


async def test_a_second_agent_cannot_take_the_lock(tmp_path: Path, model: RunningScripted) -> None:
    """It touches nothing of the first one, and its exit code is none after which a courier packs."""
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(FINISH))
    files.write()
    with files.paths.lock.open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = await run_agent(files)
    assert run.exit_code == ExitCode.CONFIG
    assert "is locked by another process" in run.stderr
    assert not run.paths.started.exists()
    assert not run.paths.agent_result.exists()


async def test_an_unforeseen_error_leaves_a_result_and_its_traceback(tmp_path: Path, model: RunningScripted) -> None:
    """A corrupt session file: a crash with the contract's exit code."""
    files = AgentJobFiles(tmp_path, model.endpoint, inline_task(FINISH))
    files.write()
    files.paths.session.write_text('{"kind": "other"}\n{"kind": "other"}\n')
    run = await run_agent(files)
    assert run.exit_code == ExitCode.AGENT_CRASH
    assert "SessionCorruptError" in run.stderr
    assert (run.result().verdict, run.result().reason) == (Verdict.CRASH, Reason.AGENT_CRASHED)
    assert "SessionCorruptError" in run.result().message
