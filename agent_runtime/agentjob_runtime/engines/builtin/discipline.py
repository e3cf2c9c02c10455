"""Keeps count of what a model must not do for ever. Pure: says what to tell it, or ends the run.

RunEnded      FORMAT_ERRORS or STUCK
"""

from agentjob_api.reasons import Reason

from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.engines.builtin.execution import Executed
from agentjob_runtime.engines.builtin.prompt import ASK_TO_FINISH, NUDGE
from agentjob_runtime.engines.builtin.reply import Reply
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.engines.builtin.stuck import StuckDetector, signature

EMPTY = "Your reply was empty. Go on with a tool call, or call finish."
CUT_TEXT = "Your reply was cut off at the model's output limit. Be brief, and go on with a tool call."


class Discipline:
    """Looks at each step after it was made."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._detector = StuckDetector()
        self._format_errors = 0
        self._timeouts = 0
        self._monologues = 0
        self._steps_since_nudge: int | None = None

    def judge(self, reply: Reply, executed: Executed) -> str | None:
        """What the model should be told after this step, if anything."""
        self._count_format_errors(reply, executed)
        self._count_timeouts(executed)
        if not reply.message.tool_calls:
            return self._no_call(reply)
        self._monologues = 0
        return self._repetition(reply, executed)

    def _count_format_errors(self, reply: Reply, executed: Executed) -> None:
        empty = not reply.message.tool_calls and not reply.message.content.strip()
        cut = reply.finish_reason == "length"
        self._format_errors = self._format_errors + 1 if executed.malformed or empty or cut else 0
        if self._format_errors >= self._settings.format_errors:
            last = executed.results[-1].content if executed.results else EMPTY
            raise RunEnded.crash(
                Reason.FORMAT_ERRORS,
                f"{self._format_errors} replies of the model in a row could not be understood. The last: {last}",
            )

    def _count_timeouts(self, executed: Executed) -> None:
        for output in executed.outputs:
            self._timeouts = self._timeouts + 1 if output.timed_out else 0
        if self._timeouts >= self._settings.command_timeouts:
            raise RunEnded.crash(
                Reason.STUCK, f"{self._timeouts} commands of the model in a row were killed after their time."
            )

    def _no_call(self, reply: Reply) -> str:
        if reply.finish_reason == "length":
            return CUT_TEXT
        if not reply.message.content.strip():
            return EMPTY
        self._monologues += 1
        if self._monologues >= self._settings.monologues:
            raise RunEnded.crash(Reason.STUCK, "The model talks without making a call, although it was asked to.")
        return ASK_TO_FINISH

    def _repetition(self, reply: Reply, executed: Executed) -> str | None:
        if self._steps_since_nudge is not None:
            self._steps_since_nudge += 1
            if self._steps_since_nudge > self._settings.nudge_forgotten_after:
                self._steps_since_nudge = None
        pattern = self._detector.observe(signature(reply.message, executed.results))
        if pattern is None:
            return None
        if self._steps_since_nudge is not None:
            raise RunEnded.crash(Reason.STUCK, f"The model made {pattern}, although it was told so before.")
        self._steps_since_nudge = 0
        return NUDGE.format(pattern=pattern)
