"""The agent's events in a terminal: readable, and harmless whatever the agent writes."""

import json
from pathlib import Path

import pytest
from agentjob_api.events import EventType
from agentjob_runtime.event_view.follow import Follower
from agentjob_runtime.event_view.main import shown
from agentjob_runtime.event_view.render import OUTPUT_LINES, render
from agentjob_runtime.event_view.text import cut, printable, width_of, wrap

TIME = "2026-01-02T03:04:05.678Z"


def plain(lines: list[str]) -> str:
    """Without the colours that the view itself adds."""
    return printable("\n".join(lines))


def test_a_step_with_a_call_and_its_output_can_be_read() -> None:
    """What a person looks for: which step, what was called with what, what came of it, how long it took."""
    step = plain(render({"type": "step", "time": TIME, "step": 3, "of": 50}, 60))
    call = plain(render({"type": "tool_call", "name": "run_shell", "arguments": {"command": "npm test\nexit"}}, 60))
    result = plain(
        render({"type": "tool_result", "ok": False, "output": "2 failed\n", "durationMs": 1500, "exitCode": 1}, 60)
    )
    assert "Step 3 of 50" in step
    assert "03:04:05" in step
    assert "run_shell npm test … (+1 lines)" in call
    assert "│ 2 failed" in result
    assert "✗ 1.5 s, exit code 1" in result


def test_long_output_keeps_its_head_and_tail() -> None:
    """The end of a test run says most; the window must not be flooded."""
    lines = render({"type": "tool_result", "ok": True, "output": "\n".join(f"line {n}" for n in range(500))}, 60)
    assert len(lines) == OUTPUT_LINES + 1
    assert "line 0" in plain(lines)
    assert "line 499" in plain(lines)
    assert "487 more lines" in plain(lines)


@pytest.mark.parametrize("kind", list(EventType))
@pytest.mark.parametrize(
    "value", [None, 1, "text", "\x1b]0;title\x07\x1b[2J\x9b31m\u202e" * 20, [1], {"a": {"b": 1}}, True]
)
def test_no_event_breaks_the_view_or_controls_the_terminal(kind: EventType, value: object) -> None:
    """Every field of any type, missing, or full of control sequences: only the view's own colours come through."""
    names = [
        "time",
        "step",
        "of",
        "role",
        "text",
        "name",
        "arguments",
        "ok",
        "output",
        "durationMs",
        "exitCode",
        "reason",
    ]
    names += ["message", "try", "afterSeconds", "verdict", "steps", "engine", "model", "attempt", "totalInputTokens"]
    for event in ({"type": str(kind)}, {"type": str(kind)} | dict.fromkeys(names, value)):
        for text in render(event, 60):
            own = text.replace("\x1b[0m", "")
            for style in ("1", "90", "1;34", "1;36", "32", "31", "33", "1;97;42", "1;97;41", "35"):
                own = own.replace(f"\x1b[{style}m", "")
            assert own.isprintable()


@pytest.mark.parametrize("raw", [b"not json", b"[]", b"{", b"\xff\xfe\x1b[2J", b"1" * 5000])
def test_a_line_that_is_no_event_is_said_to_be_none(raw: bytes) -> None:
    """The agent can write the file."""
    (text,) = shown(raw, 60)
    assert "not an event" in text
    assert "\x1b[2J" not in text


def test_unknown_events_are_left_out() -> None:
    """A newer agent may have more kinds."""
    assert shown(json.dumps({"type": "dream"}).encode(), 60) == []


@pytest.mark.parametrize("text", ["short", "a " * 100, "x" * 200, "日本語" * 40, "e\u0301" * 90, ""])
def test_lines_fit_the_terminal(text: str) -> None:
    """Wide and combining characters count as the terminal counts them."""
    assert all(width_of(line) <= 20 for line in wrap(text, 20))
    assert "".join("".join(wrap(text, 20)).split()) == "".join(text.split())
    assert width_of(cut(text, 20)) <= 20


def test_the_file_is_followed_through_whatever_happens_to_it(tmp_path: Path) -> None:
    """Not there yet, growing in pieces, replaced, and cut."""
    path = tmp_path / "events.jsonl"
    follower = Follower(path)
    assert list(follower.lines()) == []
    path.write_bytes(b"one\ntw")
    assert list(follower.lines()) == [b"one"]
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert list(follower.lines()) == [b"two", b"three"]
    other = tmp_path / "other"
    other.write_bytes(b"new\n")
    other.rename(path)
    assert list(follower.lines()) == [b"new"]
    path.write_bytes(b"x\n")
    assert list(follower.lines()) == [b"x"]
    follower.close()


def test_an_endless_line_is_thrown_away(tmp_path: Path) -> None:
    """Memory stays small."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 3_000_000 + b"\nnext\n")
    follower = Follower(path)
    assert list(follower.lines()) == [b"next"]
    follower.close()
