"""The one place that says whether a run must end: asked for by SIGTERM or a watching thread, obeyed by the loop and the tools."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from agentjob_api.reasons import Reason

from agentjob_runtime.common.outcome import Outcome, RunEnded


class Stop:
    """A request to end, made once; later ones are ignored. Only `interruptible` blocks of the main thread are broken into."""

    def __init__(self) -> None:
        self._deadline = math.inf
        self._timeout = math.inf
        self._event = threading.Event()
        self._outcome: Outcome | None = None
        self._interruptible = False

    @property
    def outcome(self) -> Outcome | None:
        """Why the run must end; None while it may go on."""
        if self._outcome is None and self.remaining() <= 0:
            message = f"The time limit of {self._timeout:g} s (limits.timeoutSeconds) is over."
            return RunEnded.limit(Reason.TIMEOUT, message).outcome
        return self._outcome

    def start_clock(self, timeout: float) -> None:
        """From now on the run has `timeout` seconds; before, it has any time."""
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout

    def remaining(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._deadline - time.monotonic()

    def request(self, outcome: Outcome) -> None:
        """Asks the run to end with `outcome`. From any thread."""
        if self._outcome is None:
            self._outcome = outcome
        self._event.set()

    def check(self) -> None:
        """Raises `RunEnded` when the run must end."""
        if outcome := self.outcome:
            raise RunEnded(outcome)

    def wait(self, seconds: float) -> None:
        """Sleeps, at most until the deadline. Raises `RunEnded` when the run must end."""
        self._event.wait(max(0.0, min(seconds, self.remaining())))
        self.check()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A block, such as a model call, that SIGTERM breaks with `RunEnded` rather than wait for it."""
        self.check()
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False
        self.check()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """The handler for SIGTERM and SIGINT. Raises in an interruptible block, once."""
        name = signal.Signals(number).name
        self.request(RunEnded.crash(Reason.AGENT_KILLED, f"The agent was told to stop ({name}).").outcome)
        if self._interruptible:
            self._interruptible = False
            self.check()
