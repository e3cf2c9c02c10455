"""One program that is started again whenever it ends, until it is told to stop."""

import logging
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

_log = logging.getLogger(__name__)
PAUSE_FIRST: Final = 0.5
PAUSE_LONGEST: Final = 30.0
"""Seconds before it is started again, doubling."""
STEADY: Final = 60.0
"""After so many seconds of running, the next pause is the first one again."""
TERM_SECONDS: Final = 1.0
"""Between SIGTERM and SIGKILL: the finished pod waits for it."""


class Note(Enum):
    """What the loop waits for."""

    ENDED = auto()
    """The program, by itself."""
    STOP = auto()


class Child:
    """`command` in a process group of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        # Not a Queue: `stop` is called by a signal handler, in the middle of anything.
        self._notes: queue.SimpleQueue[Note] = queue.SimpleQueue()

    def stop(self) -> None:
        """May be called from a signal handler and from any thread."""
        self._notes.put(Note.STOP)

    def run(self) -> None:
        """Until `stop`. There is no limit on starts: what ends it is the end of the pod, and the pauses grow."""
        pause = PAUSE_FIRST
        while True:
            began = time.monotonic()
            process = subprocess.Popen(self._command, start_new_session=True)
            threading.Thread(target=self._reap, args=(process,), name="reaper", daemon=True).start()
            if self._notes.get() is Note.STOP:
                _end(process)
                return
            _kill(process)
            pause = PAUSE_FIRST if time.monotonic() - began > STEADY else pause
            _log.warning("it ended with %d; starting it again in %.1f s", process.returncode, pause)
            if self._told_to_stop(pause):
                return
            pause = min(pause * 2, PAUSE_LONGEST)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._notes.put(Note.ENDED)

    def _told_to_stop(self, seconds: float) -> bool:
        try:
            return self._notes.get(timeout=seconds) is Note.STOP
        except queue.Empty:
            return False


def _end(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(TERM_SECONDS)
    except subprocess.TimeoutExpired:
        _log.warning("it did not end within %.1f s of SIGTERM", TERM_SECONDS)
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    # Also what it left behind: a port or an X lock that is still held would fail the next start.
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        _log.debug("nothing of it is left")
