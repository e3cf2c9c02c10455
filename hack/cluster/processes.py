"""Server processes: started with a log file, bound to their parent's life, stopped in order."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError, PrerequisiteError

_TERMINATION_SECONDS = 10.0
_LOG_TAIL_CHARACTERS = 3000
# A parent that died before the signal was asked for will not send it.
_UNLESS_ORPHANED = '[ "$PPID" = "$1" ] && shift && exec "$@"'


@dataclass(frozen=True)
class Server:
    """A running server and where it logs."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    command: tuple[str, ...] = ()

    def check_alive(self) -> None:
        """ClusterError with the tail of the log when the server has ended."""
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-_LOG_TAIL_CHARACTERS:]
            raise ClusterError(
                f"{self.name} ended with exit code {self.process.returncode}; end of {self.log}:\n{tail}"
            )

    def again(self) -> Server:
        """The same command, once this one was stopped; whoever asks for it stops it. With an environment of its own it cannot."""
        return start_server(self.name, list(self.command), self.log)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to a server that has not ended ten seconds later."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_server(
    name: str, command: list[str], log: Path, *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Server:
    """Starts `command` with stdout and stderr appended to `log`; `environment` replaces the caller's when given.

    The kernel kills it when the *thread* that called this ends (PR_SET_PDEATHSIG): call it from a thread that stays.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PrerequisiteError("setpriv is missing; install it with: apt-get install util-linux")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [setpriv, "--pdeathsig", "KILL", "sh", "-c", _UNLESS_ORPHANED, "sh", str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
    return Server(name, process, log, tuple(command))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
