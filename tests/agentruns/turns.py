"""Turns of scripts."""

from typing import Any


def calls(*given: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A turn with calls (name, arguments)."""
    return {"toolCalls": [{"name": name, "arguments": arguments} for name, arguments in given]}


def shell(command: str, **arguments: Any) -> dict[str, Any]:
    """A turn with one command."""
    return calls(("run_shell", {"command": command, **arguments}))
