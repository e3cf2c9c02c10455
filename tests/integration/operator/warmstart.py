"""Starts operators from a process that has imported what they import: two hundred starts in these tests, mostly imports.

What runs is `python -m agentjob_operator` in a process of its own, with its own environment, arguments and log; only
Python and the modules are there already. `test_process.py` starts it from nothing, as the image does.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

_context = multiprocessing.get_context("forkserver")


class WarmProcess:
    """As much of `subprocess.Popen` as the tests use."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        _ensure_server(environment)
        self._process = _context.Process(target=_run, args=(list(arguments), dict(environment), log), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Of the operator itself."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("agentjob_operator", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _ensure_server(environment: Mapping[str, str]) -> None:
    # The server is Python with the operator's path, and imports this module and with it the operator.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], *sys.path])
    try:
        _context.set_forkserver_preload([__name__, "agentjob_operator.app"])
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = ["agentjob_operator", *arguments]
    runpy.run_module("agentjob_operator", run_name="__main__", alter_sys=True)
