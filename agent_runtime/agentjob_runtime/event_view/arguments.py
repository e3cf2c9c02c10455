"""The arguments of a tool call, short. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from agentjob_runtime.event_view.text import line

TELLING: Final = ("command", "path", "pattern", "packages", "code", "text", "keys", "summary", "url", "query")
"""Arguments that say most, in this order: shown alone and without their name."""
_BODIES: Final = {"content", "old_string", "new_string", "code"}
"""Long texts: their number of lines says enough."""


def summary(arguments: Mapping[str, Any]) -> str:
    """One line."""
    told = (
        next((name for name in TELLING if arguments.get(name) not in {None, ""}), None) if _plain(arguments) else None
    )
    head = [_value(told, arguments[told])] if told else []
    rest = [f"{line(name)}={_value(name, value)}" for name, value in arguments.items() if name != told]
    return "  ".join([*head, *rest])


def _plain(arguments: Mapping[str, Any]) -> bool:
    return all(isinstance(arguments.get(name), str | int | float | bool | None) for name in TELLING)


def _value(name: str, value: object) -> str:
    if isinstance(value, str):
        if name in _BODIES and "\n" in value:
            return f"({value.count(chr(10)) + 1} lines)"
        first, _, more = value.strip().partition("\n")
        return line(first) + (f" … (+{more.count(chr(10)) + 1} lines)" if more else "")
    return line(json.dumps(value, ensure_ascii=False))
