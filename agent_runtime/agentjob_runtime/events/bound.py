"""Events of a bounded size."""

import json
from typing import Any, Final

MAX_LINE_BYTES: Final = 64 * 1024
STRING_LIMITS: Final = (8_000, 1_000, 100)
"""Characters that a string of an event keeps when its line is too long: the first that suffices."""


def _shortened(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]}… [{len(value) - limit} characters cut]"
    if isinstance(value, dict):
        return {_shortened(key, 100): _shortened(item, limit) for key, item in list(value.items())[:limit]}
    if isinstance(value, list):
        return [_shortened(item, limit) for item in value[:limit]]
    return value


def _encoded(event: dict[str, Any]) -> bytes:
    """One line of JSON. Lone surrogates stay as the escapes that JSON has for them."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def encode_line(event: dict[str, Any]) -> bytes:
    """The event as a line of at most `MAX_LINE_BYTES`: long strings are cut, and at last only the small fields are kept."""
    line = _encoded(event)
    for limit in STRING_LIMITS:
        if len(line) <= MAX_LINE_BYTES:
            return line
        line = _encoded(_shortened(event, limit))
    if len(line) <= MAX_LINE_BYTES:
        return line
    small = {key: value for key, value in event.items() if len(_encoded({key: value})) < 500}
    return _encoded({**small, "cut": True})
