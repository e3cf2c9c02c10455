"""The agent's last acts, done once: kill what is left running, say the result, write it."""

import os
import sys
import threading
from pathlib import Path

from agentjob_api.events import EventType
from agentjob_api.report import AgentResult

from agentjob_runtime.agent.log import log
from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.common.outcome import Outcome
from agentjob_runtime.common.process_tree import kill_descendants, reap_orphans
from agentjob_runtime.common.text import clean, head_and_tail
from agentjob_runtime.engines.base import Engine
from agentjob_runtime.events.writer import EventWriter

MESSAGE_CHARACTERS = 3_900
"""`AgentResult.message` has 4,000."""


class Ending:
    """Whoever comes first ends the run: the entry point, or the watchdog when the loop hangs."""

    def __init__(self, result: Path) -> None:
        self._result = result
        self._mutex = threading.Lock()
        self.done = threading.Event()
        """Set when the run has ended: the watchdog is not needed any more."""
        self.started = False
        """The courier was told that the agent runs."""
        self.events: EventWriter | None = None
        self.engine: Engine | None = None

    def finish(self, outcome: Outcome) -> None:
        """Ends the run with `outcome`; does nothing when it was ended before."""
        with self._mutex:
            if self.done.is_set():
                return
            self.done.set()
            left = kill_descendants()
            reap_orphans()
            if left:
                log(f"processes that cannot be killed are left: {left}")
            self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        steps = self.engine.steps if self.engine else 0
        message = head_and_tail(clean(outcome.message), MESSAGE_CHARACTERS - 60)
        result = AgentResult(
            verdict=outcome.verdict,
            reason=outcome.reason,
            message=message,
            steps=steps,
            session_id=self.engine.session_id if self.engine else "",
        )
        if self.events:
            self.events.emit(
                EventType.RESULT,
                verdict=str(outcome.verdict),
                reason=str(outcome.reason),
                message=message,
                steps=steps,
            )
        self._write(result)

    def _write(self, result: AgentResult) -> None:
        """Without a result file the operator concludes from the exit code; the courier must not wait for nothing."""
        try:
            write_atomically(self._result, result.to_json().encode() + b"\n")
        except OSError as error:
            log(f"the result cannot be written: {error}")

    def last_resort(self, outcome: Outcome) -> None:
        """Ends the process although its main thread hangs."""
        self.finish(outcome)
        sys.stdout.flush()
        os._exit(outcome.exit_code)
