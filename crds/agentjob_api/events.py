"""The event stream `events.jsonl`: one JSON object a line, the same for every engine, also printed on the agent's stdout.

Every event has `seq` (1, 2, 3, … within an attempt), `time` (RFC 3339 UTC with milliseconds) and `type`; the rest by type:

session      sessionID, engine, model, attempt, resumed (bool)
step         step (1-based), of (limit)
message      role (assistant, user), text
tool_call    id, name, arguments (object)
tool_result  id, name, ok (bool), output (head and tail, at most 4,000 characters), truncated (bool), durationMs, exitCode (int or null)
usage        inputTokens, outputTokens, totalInputTokens, totalOutputTokens
retry        reason, message, try, of, afterSeconds
error        reason, message
result       verdict, reason, message, steps
"""

from enum import StrEnum


class EventType(StrEnum):
    """`type` of an event."""

    SESSION = "session"
    STEP = "step"
    MESSAGE = "message"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    USAGE = "usage"
    RETRY = "retry"
    ERROR = "error"
    RESULT = "result"
