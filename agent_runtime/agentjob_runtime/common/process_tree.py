"""The processes below this one, found in /proc: tools start programs that start programs, and all of them must end with the agent."""

import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36
"""linux/prctl.h: orphans become children of this process instead of the container's init, so they can be found and reaped."""


def become_subreaper() -> None:
    """Adopts orphaned descendants. Raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _parent_and_state(pid: int) -> tuple[int, str] | None:
    """From /proc/PID/stat (proc_pid_stat(5)); None when the process is gone. The name in it may hold spaces and brackets."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), fields[0]


def descendants(root: int) -> list[int]:
    """Pids of the living (not zombie) processes below `root`, parents first."""
    children: dict[int, list[int]] = defaultdict(list)
    zombies = set()
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        if found := _parent_and_state(pid):
            children[found[0]].append(pid)
            if found[1] in "ZX":
                zombies.add(pid)
    below = list(children[root])
    for pid in below:  # grows while it is walked
        below.extend(children[pid])
    return [pid for pid in below if pid not in zombies]


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def send_to_group(group: int, number: signal.Signals) -> None:
    """Sends a signal to a process group, if there is still somebody in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def reap_orphans() -> int:
    """Takes the exit status of every ended child. Only while no `Popen` of ours waits for one. Returns how many."""
    count = 0
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return count
        if pid == 0:
            return count
        count += 1


def kill_descendants(rounds: int = 100, pause: float = 0.02) -> list[int]:
    """SIGKILLs everything below this process until nothing is left; returns the pids that outlived `rounds` rounds.

    Stopped before killed, so that a program that forks faster than it is killed loses.
    """
    left: list[int] = []
    for _ in range(rounds):
        left = descendants(os.getpid())
        if not left:
            return left
        send(left, signal.SIGSTOP)
        send(left, signal.SIGKILL)
        time.sleep(pause)
    return left
