"""Tasks for the scripted model `inline`: what the agent is going to do, told turn by turn."""

import secrets
from typing import Any

import yaml
from agentjob_runtime.scripted_model.script import FaultKind

from e2e.support.api import Json

Turn = dict[str, Any]


def task(*turns: Turn) -> str:
    """A task that holds the script of `turns`."""
    # The number makes every conversation one of its own, for the model counts faults by conversation.
    # The fence is longer than any that a turn's text holds.
    return f"Do what the script says ({secrets.token_hex(6)}).\n\n`````script\n{yaml.safe_dump({'turns': list(turns)}, sort_keys=False)}`````\n"


def call(name: str, /, **arguments: object) -> Turn:
    """The model calls one tool."""
    return {"toolCalls": [{"name": name, "arguments": arguments}]}


def sh(command: str, seconds: int = 120) -> Turn:
    """The model runs a command."""
    return call("run_shell", command=command, timeout_seconds=seconds)


def write(path: str, content: str) -> Turn:
    """The model writes a file."""
    return call("write_file", path=path, content=content)


def wait_for(path: str) -> Turn:
    """The agent waits until somebody creates `path`: how a test holds an agent at a known point."""
    return sh(f"echo holding-{path.rpartition('/')[2]}; until [ -e {path} ]; do sleep 0.1; done", 1800)


def done(summary: str = "Did what the script says.") -> Turn:
    """The model ends the job with success."""
    return call("finish", success=True, summary=summary)


def give_up(summary: str) -> Turn:
    """The model ends the job with failure."""
    return call("finish", success=False, summary=summary)


def after(
    turn: Turn, *, contains: str | None = None, exit_code: int | None = None, pictures: int | None = None
) -> Turn:
    """`turn`, once the result of the turn before is as expected; otherwise the model refuses and the job fails."""
    wanted: Json = {"contains": contains, "exitCode": exit_code, "pictures": pictures}
    return {**turn, "expect": [{key: value for key, value in wanted.items() if value is not None}]}


def failing(turn: Turn, kind: FaultKind, *, times: int | None = None, seconds: float = 1) -> Turn:
    """`turn`, after the model failed `times` times in the named way; for ever when unset."""
    return {**turn, "fault": {"kind": str(kind), "times": times, "seconds": seconds}}


def priced(turn: Turn, tokens_in: int, tokens_out: int) -> Turn:
    """`turn`, said to have used so many tokens."""
    return {**turn, "usage": {"input": tokens_in, "output": tokens_out}}
