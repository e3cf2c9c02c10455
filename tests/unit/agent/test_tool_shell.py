"""`run_shell` with real processes: floods, background children, timeouts, what a command inherits."""

import os
import threading
from pathlib import Path
from signal import SIGKILL

import pytest
from agentjob_api.reasons import Reason
from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.tools.capture import FILE_BYTES, HEAD_BYTES, TAIL_BYTES
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.outputs import OutputFolder
from agentjob_runtime.tools.registry import FormatError
from agentruns.processes import alive
from agentruns.tools import Toolbox


def pids(toolbox: Toolbox, name: str) -> list[int]:
    """Written by a command of the test's, one a line."""
    return [int(line) for line in (toolbox.workspace / name).read_text().split()]


def test_output_and_exit_code_come_back(toolbox: Toolbox) -> None:
    """stdout and stderr in the order they were written, the code last."""
    output = toolbox.call("run_shell", command="echo one; echo two >&2; exit 3")
    assert output.text == "one\ntwo\n[exit code: 3]"
    assert (output.ok, output.exit_code, output.truncated) == (False, 3, False)


def test_each_command_starts_in_the_workspace_without_input(toolbox: Toolbox) -> None:
    """A program that asks a question gets the end of input, not a hang."""
    output = toolbox.call("run_shell", command="pwd; cat; cd /; export A=1")
    assert output.text == f"{toolbox.workspace}\n[exit code: 0]"
    assert toolbox.call("run_shell", command="pwd; echo $A").text == f"{toolbox.workspace}\n\n[exit code: 0]"


def test_a_flood_of_output_is_cut_and_kept_up_to_its_cap(toolbox: Toolbox) -> None:
    """50 MB: head and tail for the model, 16 MiB in a file that read tools may see."""
    command = "echo first; head -c 50000000 /dev/zero | tr '\\0' 'x'; echo; echo last"
    output = toolbox.call("run_shell", command=command, timeout_seconds=120)
    assert output.ok
    assert output.text.startswith("first\n")
    assert "last\n" in output.text
    assert "bytes left out" in output.text
    assert len(output.text) < HEAD_BYTES + TAIL_BYTES + 500
    kept = list((toolbox.paths.session_dir / "outputs").iterdir())
    assert [path.stat().st_size for path in kept] == [FILE_BYTES]
    assert str(kept[0]) in output.text
    toolbox.call("run_shell", command="true")
    with pytest.raises(ToolError, match="too many"):
        toolbox.call("read_file", path=str(kept[0]))


def test_short_output_leaves_no_file(toolbox: Toolbox) -> None:
    """The model has seen it all."""
    toolbox.call("run_shell", command="echo short")
    assert list((toolbox.paths.session_dir / "outputs").iterdir()) == []


def test_a_timeout_kills_the_whole_group(toolbox: Toolbox) -> None:
    """Also a child that ignores SIGTERM, and one that left the session."""
    command = (
        "trap '' TERM; (trap '' TERM; echo $BASHPID >> pids; sleep 300) & "
        "setsid bash -c 'echo $$ >> pids; exec sleep 300' & echo started; sleep 300"
    )
    output = toolbox.call("run_shell", command=command, timeout_seconds=1)
    assert (output.timed_out, output.exit_code) == (True, None)
    assert output.text.startswith("started\n")
    assert "Killed after 1 s" in output.text
    found = pids(toolbox, "pids")
    assert len(found) == 2
    assert not any(alive(pid) for pid in found)


def test_a_background_child_does_not_hold_the_command(toolbox: Toolbox) -> None:
    """It keeps the pipe, goes on writing without SIGPIPE, and survives the call: a server to try."""
    command = "(while true; do echo tick; sleep 0.05; done) & echo $! > pid; echo started"
    output = toolbox.call("run_shell", command=command, timeout_seconds=60)
    try:
        assert output.ok
        assert "started" in output.text
        assert "background process still has the output open" in output.text
        assert toolbox.call("run_shell", command="sleep 0.5; kill -0 $(cat pid)").ok
    finally:
        os.killpg(os.getpgid(pids(toolbox, "pid")[0]), SIGKILL)


def test_nothing_of_the_runtime_is_inherited(toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AGENTJOB_ variable, no descriptor but 0, 1 and 2; what the job's env sets is there."""
    from agentjob_runtime.tools.environment import tool_environment

    environment = {"PATH": os.environ["PATH"], "AGENTJOB_ROOT": "x", "PAGER": "less", "OF_THE_JOB": "y"}
    toolbox.context.environment = tool_environment(environment, toolbox.paths.home)
    output = toolbox.call("run_shell", command="env; ls /proc/self/fd | wc -l; echo home=$HOME")
    assert "AGENTJOB" not in output.text
    assert "OF_THE_JOB=y" in output.text
    assert "PAGER=less" in output.text
    assert f"home={toolbox.paths.home}" in output.text
    assert "\n4\n" in output.text  # 0, 1, 2 and the folder that ls reads


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_git_works_in_a_workspace_of_somebody_else(toolbox: Toolbox) -> None:
    """The top of a volume belongs to root; a commit needs no identity, and one that is set wins."""
    toolbox.call("run_shell", command="git init -q . && touch a && git add a")
    os.chown(toolbox.workspace, 12345, 12345)
    assert toolbox.call("run_shell", command="git commit -qm one && git log --format=%an").text.startswith("AgentJob\n")
    command = "git config user.name Ada && git commit -qm two --allow-empty && git log --format=%an"
    assert toolbox.call("run_shell", command=command).text.startswith("Ada\nAgentJob\n")


def test_the_end_of_the_run_kills_the_command(toolbox: Toolbox) -> None:
    """SIGTERM's request, made from elsewhere, is obeyed in a running command."""
    end = RunEnded.crash(Reason.AGENT_KILLED, "told to stop").outcome
    threading.Timer(0.3, toolbox.stop.request, [end]).start()
    with pytest.raises(RunEnded) as raised:
        toolbox.call("run_shell", command="echo $$ > pid; sleep 300", timeout_seconds=200)
    assert raised.value.outcome is end
    assert not alive(pids(toolbox, "pid")[0])


def test_the_jobs_deadline_is_shorter_than_the_commands(toolbox: Toolbox) -> None:
    """The run ends as Timeout, not the command."""
    toolbox.stop.start_clock(0.5)
    with pytest.raises(RunEnded) as raised:
        toolbox.call("run_shell", command="sleep 300", timeout_seconds=200)
    assert raised.value.outcome.reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    "replacement", ["rm -rf {0}", "rm -rf {0}; touch {0}", "chmod 0 {0}", "rm -rf {0}; ln -s /proc {0}"]
)
def test_the_folder_of_outputs_may_be_gone(toolbox: Toolbox, replacement: str) -> None:
    """Whatever the agent's shell puts there: the next command runs, and the text says what is not kept."""
    folder = toolbox.paths.session_dir / "outputs"
    toolbox.call("run_shell", command=replacement.format(folder))
    output = toolbox.call("run_shell", command="seq 20000")
    assert output.ok
    assert output.text.startswith("1\n2\n")


def test_old_outputs_make_room(tmp_path: Path) -> None:
    """The folder is bounded; the newest file is never removed."""
    folder = OutputFolder(tmp_path, total_bytes=250)
    for _ in range(5):
        path = folder.next_path()
        path.write_bytes(b"x" * 100)
        folder.keep(path, wanted=True)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["000004.txt", "000005.txt"]
    assert OutputFolder(tmp_path).next_path().name == "000006.txt"


def test_a_folder_that_is_not_there_is_an_error_to_read(toolbox: Toolbox) -> None:
    """No stack trace, a sentence."""
    with pytest.raises(ToolError, match="cannot start bash: No such file"):
        toolbox.call("run_shell", command="true", working_directory="nowhere")


@pytest.mark.parametrize(
    "arguments",
    [{"command": "a\0b"}, {"command": ""}, {"command": "x", "timeout_seconds": 1801}, {"command": "x" * 100_001}],
)
def test_arguments_that_no_shell_takes_are_refused(toolbox: Toolbox, arguments: dict[str, object]) -> None:
    """Before anything runs."""
    with pytest.raises(FormatError):
        toolbox.call("run_shell", **arguments)


def test_the_longest_command_can_be_run(toolbox: Toolbox) -> None:
    """The kernel's limit on one argument is above ours."""
    assert toolbox.call("run_shell", command=f"echo {'x' * 99_000} | wc -c").text.startswith("99001")
