"""What a script is. Pure; `library` finds and reads it.

description: one line
params: {name: default or null}       null: the task must give it; `<<name>>` in any string below is replaced
turns:
  - text: what the model says
    toolCalls: [{name: run_shell, arguments: {command: ls}}]
    expect: [{contains: "passed", exitCode: 0}]      of the results of the turn before
    fault: {kind: RateLimit, times: 2, seconds: 1}
"""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_camel


class ScriptModel(BaseModel):
    """camelCase in YAML; an unknown field is an error."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class FaultKind(StrEnum):
    """Named ways to fail. Those that need a tool call or text take the turn's own, or make one up."""

    RATE_LIMIT = "RateLimit"
    """429 with `Retry-After: seconds`."""
    SERVER_ERROR = "ServerError"
    """500."""
    UNAUTHORIZED = "Unauthorized"
    """401."""
    CONTEXT_OVERFLOW = "ContextOverflow"
    """400 with `context_length_exceeded`."""
    STREAM_CUT = "StreamCut"
    """The reply's connection breaks before `finish_reason`."""
    STREAM_CUT_IN_TOOL_CALL = "StreamCutInToolCall"
    """It breaks in the middle of a tool call's arguments."""
    MALFORMED_TOOL_CALL = "MalformedToolCall"
    """Arguments that are not JSON."""
    UNKNOWN_TOOL = "UnknownTool"
    """A call of a tool that was not declared."""
    SLOW_FIRST_BYTE = "SlowFirstByte"
    """The right reply, after `seconds`."""
    EMPTY_REPLY = "EmptyReply"
    """Neither text nor tool calls, `finish_reason` stop."""
    EMPTY_OBJECT = "EmptyObject"
    """200 with `{}`."""


class Fault(ScriptModel):
    """A failure in the place of a turn, which follows when it has happened `times` times."""

    kind: FaultKind
    times: Annotated[int, Field(ge=1)] | None = None
    """None: for ever."""
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1


class ScriptedCall(ScriptModel):
    """A tool call."""

    name: str
    arguments: dict[str, JsonValue] = {}


class Expectation(ScriptModel):
    """What a result of the turn before must be; all that is given must hold."""

    call: Annotated[int, Field(ge=0)] = 0
    """Which call of that turn."""
    contains: str | None = None
    matches: str | None = None
    """A regular expression, searched in all lines."""
    exit_code: int | None = None
    pictures: Annotated[int, Field(ge=0)] | None = None
    """How many PNG files came as images with the results of that turn, whichever call they belong to."""


class ScriptedUsage(ScriptModel):
    """Token counts in the place of the computed ones."""

    input: Annotated[int, Field(ge=0)]
    output: Annotated[int, Field(ge=0)]


class Turn(ScriptModel):
    """One reply of the model."""

    text: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    expect: tuple[Expectation, ...] = ()
    fault: Fault | None = None
    usage: ScriptedUsage | None = None
    omit_usage: bool = False
    """No usage is reported, as by some servers."""
    ignore_max_tokens: bool = False
    """The reply is not cut at the request's maximum."""
    seconds_per_chunk: Annotated[float, Field(ge=0, le=60)] = 0
    """Pause between the chunks of a stream."""
    repeat: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How often the turn is taken, one after the other."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text or self.tool_calls or self.fault):
            raise ValueError("a turn needs text, toolCalls or a fault")
        return self


class Script(ScriptModel):
    """A conversation's one side."""

    description: str = ""
    turns: Annotated[tuple[Turn, ...], Field(min_length=1, max_length=10_000)]

    @model_validator(mode="after")
    def _expand(self) -> Self:
        if all(turn.repeat == 1 for turn in self.turns):
            return self
        turns = tuple(turn.model_copy(update={"repeat": 1}) for turn in self.turns for _ in range(turn.repeat))
        return self.model_copy(update={"turns": turns})

    def failing(self, fault: Fault | None) -> Self:
        """The same script with `fault` before its first turn."""
        if fault is None:
            return self
        first = self.turns[0].model_copy(update={"fault": fault})
        return self.model_copy(update={"turns": (first, *self.turns[1:])})


def interpolate(value: Any, params: dict[str, JsonValue]) -> Any:
    """`value` with `<<name>>` replaced; a string that is nothing else becomes the parameter itself, of whatever type."""
    if isinstance(value, dict):
        return {key: interpolate(each, params) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolate(each, params) for each in value]
    if not isinstance(value, str):
        return value
    for name, param in params.items():
        if value == f"<<{name}>>":
            return param
        value = value.replace(f"<<{name}>>", str(param))
    return value
