"""The supervisor of desktop and notebook, as a process: starts again what dies, ends with the courier, never fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agentjob_api.pod import ExitCode
from agentjob_runtime.common.courier_life import live
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.supervise.main import left_of


class Supervised:
    """`supervise desktop LINGER` with a stand-in for the desktop, under a root of its own."""

    def __init__(self, root: Path) -> None:
        self.paths, self._root = Paths.under(root), root
        self.paths.make_dirs()
        self.courier: int | None = None
        self.process: subprocess.Popen[str] | None = None

    def start(self, stand_in: str, linger: str = "0") -> subprocess.Popen[str]:
        """`stand_in` is the body of the desktop; its lines on stdout are the supervisor's."""
        package = self._root / "package"
        package.mkdir()
        program = package / "agentjob-runtime"
        lines = ["import os, signal, sys, time", "print(os.getpid(), flush=True)", *stand_in.splitlines()]
        # The supervisor starts itself again with another role: this script answers to both.
        program.write_text(
            "import sys\nif sys.argv[1] == 'desktop':\n"
            + "".join(f"    {line}\n" for line in lines)
            + "else:\n"
            + "    from agentjob_runtime.__main__ import main\n    sys.exit(main(sys.argv[1:]))\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, str(program), "supervise", "desktop", linger],
            env=os.environ | {"AGENTJOB_ROOT": str(self._root), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        return self.process

    def next_pid(self) -> int:
        """The pid of the next desktop that starts."""
        assert self.process is not None
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def courier_lives(self) -> None:
        """Takes the lock as the courier does."""
        self.courier = live(self.paths.courier_life)

    def courier_ends(self) -> None:
        """As the kernel does it at any death."""
        assert self.courier is not None
        os.close(self.courier)
        self.courier = None

    def close(self) -> None:
        """Leaves nothing behind."""
        if self.courier is not None:
            os.close(self.courier)
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """One at a time."""
    one = Supervised(tmp_path)
    yield one
    one.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Polls for up to ten seconds."""
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


def alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


FOREVER = "time.sleep(600)"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"


@pytest.mark.parametrize("desktop", [FOREVER, DEAF], ids=["willing", "ignores SIGTERM"])
def test_it_ends_with_the_courier(supervised: Supervised, desktop: str) -> None:
    """A main container that went on would keep the finished pod."""
    process = supervised.start(desktop)
    pid = supervised.next_pid()
    supervised.courier_lives()
    assert process.poll() is None
    supervised.courier_ends()
    assert process.wait(10) == ExitCode.SUCCESS
    eventually(lambda: not alive(pid))


def test_it_waits_for_a_courier_that_has_not_begun(supervised: Supervised) -> None:
    """The containers start in no order that could be counted on: no courier yet is not a courier that ended."""
    process = supervised.start(FOREVER)
    supervised.next_pid()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.6)


def test_it_lingers(supervised: Supervised) -> None:
    """The courier is gone, the desktop still there; SIGTERM (the AgentJob was deleted) ends it before the time is over."""
    process = supervised.start(FOREVER, linger="600")
    pid = supervised.next_pid()
    supervised.courier_lives()
    supervised.courier_ends()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.6)
    assert alive(pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == ExitCode.SUCCESS
    eventually(lambda: not alive(pid))


def test_the_linger_ends_by_itself(supervised: Supervised) -> None:
    """The operator no longer watches: nobody else would end it."""
    process = supervised.start(FOREVER, linger="1")
    supervised.next_pid()
    supervised.courier_lives()
    supervised.courier_ends()
    assert process.wait(10) == ExitCode.SUCCESS


def test_a_container_that_was_killed_does_not_linger_anew(tmp_path: Path) -> None:
    """The home outlives it, and with it since when it lingers."""
    marker = tmp_path / "ended"
    assert left_of(100, marker) == pytest.approx(100, abs=5)
    os.utime(marker, (time.time() - 70, time.time() - 70))
    assert left_of(100, marker) == pytest.approx(30, abs=5)
    assert left_of(60, marker) == 0
    assert left_of(60, tmp_path / "no" / "home") == 60


def test_what_dies_is_started_again(supervised: Supervised) -> None:
    """Whether it ends by itself or is killed; what it left behind goes first, or it would hold the port."""
    supervised.start("import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\nsys.exit(3)")
    for _ in range(2):
        _, left = supervised.next_pid(), supervised.next_pid()
        eventually(lambda left=left: not alive(left))  # type: ignore[misc]


def test_a_desktop_that_never_works_does_not_fail_the_pod(supervised: Supervised) -> None:
    """Its exit code would make the Job Failed beside an agent that did its task."""
    process = supervised.start("sys.exit(1)")
    supervised.courier_lives()
    supervised.next_pid()
    supervised.courier_ends()
    assert process.wait(10) == ExitCode.SUCCESS


def test_sigterm_ends_it_while_it_pauses(supervised: Supervised) -> None:
    """A deleted pod does not wait for the next start."""
    process = supervised.start("sys.exit(1)")
    for _ in range(3):
        supervised.next_pid()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == ExitCode.SUCCESS


@pytest.mark.parametrize("arguments", [[], ["agent", "0"], ["desktop"], ["desktop", "-1"]])
def test_wrong_arguments_are_a_bug_of_the_operator(arguments: list[str]) -> None:
    """Said at once, not guessed around."""
    command = [sys.executable, "-m", "agentjob_runtime", "supervise", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == ExitCode.CONFIG
