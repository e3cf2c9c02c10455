"""Events as lines for a terminal of some width. Pure. The events come from the agent: any field may be missing or of any type."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from agentjob_api.events import EventType

from agentjob_runtime.event_view.arguments import summary
from agentjob_runtime.event_view.style import Style, paint
from agentjob_runtime.event_view.text import cut, line, width_of, wrap

OUTPUT_LINES: Final = 14
"""Of a tool's output: the first half and the last."""
_MESSAGE_LINES: Final = 40
_MAX_TEXT: Final = 20_000
"""Characters that are looked at: what is longer would not be read anyway."""
_INDENT: Final = "  "

Event = Mapping[str, Any]


def render(event: Event, columns: int) -> list[str]:
    """The lines that `event` is shown as; none for a kind that only machines need."""
    kind = event.get("type")
    renderer = _RENDERERS.get(kind) if isinstance(kind, str) else None
    return renderer(event, max(20, columns)) if renderer else []


def _text(event: Event, name: str) -> str:
    value = event.get(name)
    return value[:_MAX_TEXT] if isinstance(value, str) else "" if value is None else str(value)[:_MAX_TEXT]


def _number(event: Event, name: str) -> int:
    value = event.get(name)
    return value if isinstance(value, int) else 0


def _session(event: Event, columns: int) -> list[str]:
    again = ", goes on with an earlier session" if event.get("resumed") is True else ""
    facts = f"{_text(event, 'engine')} with {_text(event, 'model')}, attempt {_text(event, 'attempt')}{again}"
    return [paint(Style.BOLD, cut(line(facts), columns))]


def _step(event: Event, columns: int) -> list[str]:
    time = _text(event, "time")[11:19]
    title = cut(line(f"Step {_text(event, 'step')} of {_text(event, 'of')}"), columns // 2)
    bar = "─" * max(2, columns - width_of(title) - width_of(line(time)) - 7)
    return ["", f"{paint(Style.DIM, '───')} {paint(Style.STEP, title)} {paint(Style.DIM, f'{bar} {line(time)}')}"]


def _message(event: Event, columns: int) -> list[str]:
    person = event.get("role") == "user"
    lines = _shorten(wrap(_text(event, "text"), columns - 2), _MESSAGE_LINES)
    return [paint(Style.PERSON, f"> {text}") if person else text for text in lines]


def _tool_call(event: Event, columns: int) -> list[str]:
    arguments = event.get("arguments")
    name = line(_text(event, "name"))[: columns // 2]
    told = cut(summary(arguments if isinstance(arguments, Mapping) else {}), columns - width_of(name) - 3)
    return [f"{paint(Style.CALL, f'▶ {name}')} {told}"]


def _tool_result(event: Event, columns: int) -> list[str]:
    ok = event.get("ok") is True
    output = _shorten(wrap(_text(event, "output").strip("\n"), columns - 4), OUTPUT_LINES)
    code = f", exit code {event['exitCode']}" if isinstance(event.get("exitCode"), int) and event["exitCode"] else ""
    end = f"{'✓' if ok else '✗'} {_seconds(_number(event, 'durationMs'))}{code}"
    shown = [f"{_INDENT}{paint(Style.DIM, '│')} {text}" for text in output]
    return [*shown, f"{_INDENT}{paint(Style.GOOD if ok else Style.BAD, end)}"]


def _usage(event: Event, columns: int) -> list[str]:
    total = _number(event, "totalInputTokens") + _number(event, "totalOutputTokens")
    return [paint(Style.DIM, cut(f"{_INDENT}{total:,} tokens so far", columns))] if total else []


def _retry(event: Event, columns: int) -> list[str]:
    tries = f"try {_text(event, 'try')} of {_text(event, 'of')}, again in {_text(event, 'afterSeconds')} s"
    text = f"↻ {_text(event, 'reason')} ({tries}): {_text(event, 'message')}"
    return [paint(Style.WARNING, cut(line(text), columns))]


def _error(event: Event, columns: int) -> list[str]:
    text = f"✗ {_text(event, 'reason')}: {_text(event, 'message')}"
    return [paint(Style.BAD, piece) for piece in _shorten(wrap(line(text), columns), 6)]


def _result(event: Event, columns: int) -> list[str]:
    good = _text(event, "verdict").lower() == "success"
    end = "✓ Done" if good else f"✗ {line(_text(event, 'reason'))}"
    title = f" {end} after {line(_text(event, 'steps'))} steps "
    banner = paint(Style.GOOD_BANNER if good else Style.BAD_BANNER, cut(title, columns))
    return ["", banner, *_shorten(wrap(_text(event, "message"), columns - 2), _MESSAGE_LINES), ""]


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _shorten(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    head = most // 2
    tail = most - head - 1
    return [*lines[:head], f"… {len(lines) - head - tail} more lines …", *lines[-tail:]]


_RENDERERS: Final[dict[str, Callable[[Event, int], list[str]]]] = {
    EventType.SESSION: _session,
    EventType.STEP: _step,
    EventType.MESSAGE: _message,
    EventType.TOOL_CALL: _tool_call,
    EventType.TOOL_RESULT: _tool_result,
    EventType.USAGE: _usage,
    EventType.RETRY: _retry,
    EventType.ERROR: _error,
    EventType.RESULT: _result,
}
