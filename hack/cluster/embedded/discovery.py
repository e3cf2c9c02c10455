"""Finds a running embedded cluster by its command line: there is no pid file that could be stale."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.supervisor import MODULE
from cluster.errors import ClusterError

_END_SECONDS = 30.0


@dataclass(frozen=True)
class Found:
    """The processes of one cluster as the host sees them: `unshare` and, once it is there, the supervisor."""

    launchers: tuple[int, ...]
    supervisor: int | None

    def with_launcher(self, pid: int) -> Found:
        """The same with one more launcher."""
        return Found((*self.launchers, pid), self.supervisor)

    def with_supervisor(self, pid: int) -> Found:
        """The same with the supervisor `pid`."""
        return Found(self.launchers, pid)


NOT_RUNNING = Found((), None)


def running() -> dict[Path, Found]:
    """Every embedded cluster of this machine, of any checkout, by its data folder."""
    clusters: dict[Path, Found] = {}
    for folder in Path("/proc").iterdir():
        words = _command_line(folder) if folder.name.isdigit() else []
        if words[-3:-1] != ["-m", MODULE]:
            continue
        data, pid = Path(words[-1]), int(folder.name)
        # Process ids from our namespace inwards. A third one: a cluster in a machine of its own (a container, a test).
        match _namespace_pids(folder):
            case [_]:
                clusters[data] = clusters.get(data, NOT_RUNNING).with_launcher(pid)
            case [_, "1"]:
                clusters[data] = clusters.get(data, NOT_RUNNING).with_supervisor(pid)
    return clusters


def find(data: Path) -> Found:
    """The processes of the cluster that runs on the folder `data`."""
    return running().get(data, NOT_RUNNING)


def _command_line(process: Path) -> list[str]:
    try:
        return process.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []  # it ended while /proc was read


def _namespace_pids(process: Path) -> list[str]:
    try:
        status = process.joinpath("status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]


def kill(data: Path) -> bool:
    """Kills the cluster that runs on `data` and waits until its processes are gone; whether there was one."""
    deadline = time.monotonic() + _END_SECONDS
    there_was_one = False
    while True:
        found = find(data)
        pids = [*found.launchers, *([found.supervisor] if found.supervisor else [])]
        if not pids:
            return there_was_one
        there_was_one = True
        if time.monotonic() > deadline:
            raise ClusterError(f"processes {pids} of the cluster do not end within {_END_SECONDS:.0f} s of SIGKILL")
        for pid in pids:
            _kill_one(pid)
        time.sleep(0.05)


def _kill_one(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself
