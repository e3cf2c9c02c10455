"""Runs the calls of one reply and answers each of them, whatever happens."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from agentjob_api.events import EventType

from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.common.text import clean, head_and_tail
from agentjob_runtime.engines.builtin.reply import Reply
from agentjob_runtime.events.writer import EventWriter
from agentjob_runtime.session.messages import Message, ToolCall, tool_result
from agentjob_runtime.tools.base import ToolContext, ToolOutput
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.registry import FormatError, parse

EVENT_OUTPUT = 4_000
"""Characters of a result in its event."""
CUT = "Your reply was cut off at the model's output limit, so nothing was done. Make smaller calls: write long files in parts."
NOT_JSON = "The arguments are not a JSON object, so nothing was done. Send the call again with valid JSON."
AFTER_FINISH = "Not done: the job was finished before this call."


@dataclass(frozen=True)
class Executed:
    """The calls of one reply, answered."""

    results: tuple[Message, ...]
    outputs: tuple[ToolOutput, ...]
    malformed: bool
    """At least one call could not be understood."""


class Executor:
    """Runs calls one after the other."""

    def __init__(self, context: ToolContext, events: EventWriter) -> None:
        self.context = context
        self._events = events

    def run(self, reply: Reply, tell: Callable[[Message], None]) -> Executed:
        """Hands each result to `tell` as it comes. Raises `RunEnded` when the run was told to end meanwhile."""
        results: list[Message] = []
        outputs: list[ToolOutput] = []
        malformed = False
        for call in reply.message.tool_calls:
            output, understood = self._answer(call, reply)
            malformed = malformed or not understood
            outputs.append(output)
            results.append(tool_result(call, output.text))
            tell(results[-1])
        return Executed(tuple(results), tuple(outputs), malformed)

    def _answer(self, call: ToolCall, reply: Reply) -> tuple[ToolOutput, bool]:
        self._events.emit(EventType.TOOL_CALL, id=call.id, name=call.name, arguments=json.loads(call.arguments))
        started = time.monotonic()
        try:
            output, understood = self._run(call, reply)
            output = replace(output, text=clean(output.text))  # names of files need not be text
        except RunEnded as end:
            self._report(call, ToolOutput(f"Stopped: {end.outcome.message}", ok=False), started)
            raise
        self._report(call, output, started)
        return output, understood

    def _run(self, call: ToolCall, reply: Reply) -> tuple[ToolOutput, bool]:
        """The output, and whether the call was understood."""
        if self.context.verdict:
            return ToolOutput(AFTER_FINISH, ok=False), True
        try:
            if reply.finish_reason == "length":
                raise FormatError(CUT)
            if call.id in reply.malformed:
                raise FormatError(NOT_JSON)
            return parse(call, desktop=self.context.display is not None).run(self.context), True
        except FormatError as error:
            return ToolOutput(f"Error: {error}", ok=False), False
        except ToolError as error:
            return ToolOutput(f"Error: {error}", ok=False), True
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            return ToolOutput(f"Error: {error.strerror or error}{where}", ok=False), True

    def _report(self, call: ToolCall, output: ToolOutput, started: float) -> None:
        self._events.emit(
            EventType.TOOL_RESULT,
            id=call.id,
            name=call.name,
            ok=output.ok,
            output=head_and_tail(output.text, EVENT_OUTPUT - 100),
            truncated=output.truncated or len(output.text) > EVENT_OUTPUT - 100,
            durationMs=int((time.monotonic() - started) * 1000),
            exitCode=output.exit_code,
        )
