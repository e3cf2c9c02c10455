"""Requests as the agent makes them, and scripts in tasks."""

from typing import Any

import yaml

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("run_shell", "write_file", "list_files", "finish")
]
FINISH: dict[str, Any] = {
    "text": "Done.",
    "toolCalls": [{"name": "finish", "arguments": {"success": True, "summary": "ok"}}],
}


def inline_task(*turns: dict[str, Any], words: str = "Do it.") -> str:
    """A task that carries its own script."""
    return f"{words}\n```script\n{yaml.safe_dump({'turns': list(turns)}, sort_keys=False)}```\n"


def messages(task: str, *rest: dict[str, Any]) -> list[Any]:
    """A conversation's beginning."""
    return [{"role": "system", "content": "You are an agent."}, {"role": "user", "content": task}, *rest]


def assistant(*calls: tuple[str, str, str], content: str | None = None) -> dict[str, Any]:
    """An assistant's message with calls (id, name, arguments)."""
    wire = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls]
    return {"role": "assistant", "content": content} | ({"tool_calls": wire} if wire else {})


def result(call: str, content: str) -> dict[str, Any]:
    """A tool's message."""
    return {"role": "tool", "tool_call_id": call, "content": content}
