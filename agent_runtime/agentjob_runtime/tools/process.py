"""Runs a command of the agent's: in a session and process group of its own, with a time limit, its output captured."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Final

from agentjob_runtime.common.process_tree import descendants, reap_orphans, send, send_to_group
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.tools.capture import Capture
from agentjob_runtime.tools.errors import StartError
from agentjob_runtime.tools.outputs import OutputFolder

TICK_SECONDS: Final = 0.2
"""How often a running command is checked against its limits; its end is noticed at once."""
TERM_SECONDS: Final = 2.0
"""Between SIGTERM and SIGKILL."""
DRAIN_SECONDS: Final = 2.0
"""How long a background process that holds the output is waited for."""


@dataclass(frozen=True)
class Completed:
    """How a command ended."""

    exit_code: int | None
    """None when it was killed for time; negative for a signal."""
    timed_out: bool
    text: str
    """Head and tail of stdout and stderr together."""
    truncated: bool
    total_bytes: int
    file: Path | None
    """The output up to 16 MiB, kept only when `truncated`."""
    held_open: bool
    """A background process still has the output open."""


class ProcessRunner:
    """Runs one command at a time."""

    def __init__(self, stop: Stop, outputs: OutputFolder) -> None:
        self._stop = stop
        self._outputs = outputs

    def run(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout: float) -> Completed:
        """Runs `argv` for at most `timeout` seconds or until the job's deadline.

        Raises `StartError`; `RunEnded` when the run was told to end meanwhile, after the command was killed.
        """
        self._stop.check()
        reap_orphans()
        capture = self._capture()
        try:
            process = self._start(argv, cwd, environment, capture)
        finally:
            capture.close_writer()
        timed_out = self._wait(process, timeout)
        ended = capture.wait(DRAIN_SECONDS)
        self._stop.check()
        return self._completed(process, capture, timed_out, held_open=not ended)

    def _capture(self) -> Capture:
        try:
            return Capture(self._outputs.next_path())
        except RuntimeError as error:
            raise StartError(f"cannot start: {error} (are there too many background processes?)") from error

    def _start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], capture: Capture
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                argv,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=capture.writer,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise StartError(f"cannot start {argv[0]}: {error.strerror}") from error

    def _wait(self, process: subprocess.Popen[bytes], timeout: float) -> bool:
        """Waits for the command; kills it when its time is over (True) or the run must end (False)."""
        until = time.monotonic() + min(timeout, self._stop.remaining())
        while True:
            try:
                process.wait(TICK_SECONDS)
                return False
            except subprocess.TimeoutExpired:
                over = time.monotonic() >= until
                if over or self._stop.outcome:
                    kill_command(process)
                    return over

    def _completed(
        self, process: subprocess.Popen[bytes], capture: Capture, timed_out: bool, held_open: bool
    ) -> Completed:
        text, truncated = capture.text()
        kept = self._outputs.keep(capture.path, wanted=truncated and capture.stored)
        exit_code = None if timed_out else process.returncode
        return Completed(exit_code, timed_out, text, truncated, capture.total, kept, held_open)


def kill_command(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the command's group and to all that it started elsewhere, then SIGKILL to what is left."""
    family = descendants(process.pid)
    send_to_group(process.pid, SIGTERM)
    send(family, SIGTERM)
    try:
        process.wait(TERM_SECONDS)
    except subprocess.TimeoutExpired:
        family = sorted({*family, *descendants(process.pid)})
    send_to_group(process.pid, SIGKILL)
    send(family, SIGKILL)
    process.wait()
