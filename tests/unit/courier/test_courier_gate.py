"""Waiting for an agent that lives and dies, with the real lock."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.gate import Gate, GateError, wait_for_death, wait_for_start
from agentjob_runtime.courier.stop import AGENT_SECONDS, Stop, StopBudget

HOLDER = """
import fcntl, os, subprocess, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)
fcntl.flock(lock, fcntl.LOCK_EX)
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """What prepare leaves."""
    found = Paths.under(tmp_path)
    found.make_dirs()
    found.lock.touch()
    found.events.touch()
    return found


@pytest.fixture
def holder(paths: Paths) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock and has a child that outlives it."""
    command = [sys.executable, "-c", HOLDER, str(paths.lock)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process
    process.kill()
    process.communicate()
    os.kill(child, signal.SIGKILL)


def test_the_gate_is_announced_only_when_both_files_are_open(paths: Paths) -> None:
    """The agent runs nothing before that."""
    paths.events.unlink()
    with pytest.raises(GateError):
        Gate.open(paths)
    assert not paths.courier_ready.exists()
    paths.events.touch()
    Gate.open(paths)
    assert paths.courier_ready.exists()


def test_links_in_place_of_the_files_are_refused(paths: Paths) -> None:
    """Whoever could place them would choose what the courier waits for."""
    paths.lock.unlink()
    paths.lock.symlink_to(paths.events)
    with pytest.raises(GateError):
        Gate.open(paths)


def test_death_is_seen_though_a_child_lives_on(paths: Paths, holder: subprocess.Popen[str]) -> None:
    """The lock is close-on-exec: background processes do not keep it."""
    gate = Gate.open(paths)
    holder.kill()
    assert wait_for_death(gate, Stop(), 60)


def test_an_agent_that_ignores_sigterm_is_not_waited_for_for_ever(paths: Paths, holder: subprocess.Popen[str]) -> None:
    """Its workspace is packed beside it, within the pod's grace."""
    stop = Stop()
    stop.request()
    stop._at -= AGENT_SECONDS
    assert not wait_for_death(Gate.open(paths), stop, 60)


def test_an_agent_that_was_stopped_is_not_waited_for_for_ever(paths: Paths, holder: subprocess.Popen[str]) -> None:
    """SIGSTOP takes the agent's own clock away: what it started may send it."""
    holder.send_signal(signal.SIGSTOP)
    assert not wait_for_death(Gate.open(paths), Stop(), 0.3)


def test_start_is_seen_even_when_the_agent_is_dead_already(paths: Paths) -> None:
    """An agent that lives for a moment only."""
    paths.started.symlink_to("/nowhere")
    assert wait_for_start(paths, Stop())


def test_a_stop_before_the_start_ends_the_waiting(paths: Paths) -> None:
    """The pod of an agent that cannot start is deleted."""
    stop = Stop()
    stop.request()
    assert not wait_for_start(paths, stop)


def test_the_lock_is_free_for_nobody_else(paths: Paths) -> None:
    """Once taken the courier keeps it until it ends: a second one would wait."""
    gate = Gate.open(paths)
    assert wait_for_death(gate, Stop(), 60)
    other = os.open(paths.lock, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_a_budget_is_endless_until_the_pod_must_stop() -> None:
    """Then it counts down from the first request; a second one changes nothing."""
    stop = Stop()
    budget = StopBudget(stop, 100)
    assert budget.remaining() == float("inf")
    stop.request()
    first = stop._at
    stop.request()
    assert stop._at == first
    assert 99 < budget.remaining() <= 100
