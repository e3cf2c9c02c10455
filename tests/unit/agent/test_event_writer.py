"""The event stream: numbers, bounded lines, a file that disappears."""

import json
import os
from pathlib import Path

import pytest
from agentjob_api.events import EventType
from agentjob_runtime.events.bound import MAX_LINE_BYTES, encode_line
from agentjob_runtime.events.writer import EventWriter


@pytest.fixture
def stdout(tmp_path: Path) -> int:
    """A file in stdout's place."""
    return os.open(tmp_path / "stdout", os.O_RDWR | os.O_CREAT)


def test_a_deleted_or_truncated_file_does_not_stop_the_stream(tmp_path: Path, stdout: int) -> None:
    """Whoever has opened the file before reads every event; stdout has them all."""
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path, stdout)
    with path.open("r+b") as courier:
        writer.emit(EventType.STEP, step=1, of=2)
        path.unlink()
        writer.emit(EventType.STEP, step=2, of=2)
        seen = [json.loads(line) for line in courier]
        assert [(event["seq"], event["type"], event["step"]) for event in seen] == [(1, "step", 1), (2, "step", 2)]
        os.truncate(courier.fileno(), 0)
        writer.emit(EventType.STEP, step=3, of=3)
    writer.close()
    assert len((tmp_path / "stdout").read_bytes().splitlines()) == 3


def test_a_full_volume_does_not_stop_the_stream(
    stdout: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/full refuses every byte: stdout goes on, and it is told once."""
    writer = EventWriter(Path("/dev/full"), stdout)
    for step in range(3):
        writer.emit(EventType.STEP, step=step, of=3)
    assert len((tmp_path / "stdout").read_bytes().splitlines()) == 3
    assert capsys.readouterr().err.count("cannot be written") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * 1_000_000},
        {"text": "\u20ac" * 1_000_000},
        {"arguments": {"content": "x" * 500_000, "path": "a"}},
        {"arguments": {str(number): "x" * 100 for number in range(5_000)}},
        {"arguments": [["x" * 90] * 90 for _ in range(90)]},
        {"arguments": {"x" * 200_000: 1}},
    ],
)
def test_a_line_is_bounded_and_stays_json(fields: dict[str, object]) -> None:
    """Strings are cut, at last whole fields; number, time and type are always there."""
    line = encode_line({"seq": 1, "time": "t", "type": "message", **fields})
    assert len(line) <= MAX_LINE_BYTES
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    event = json.loads(line)
    assert (event["seq"], event["time"], event["type"]) == (1, "t", "message")


def test_a_lone_surrogate_stays_json() -> None:
    """UTF-8 has no bytes for it, JSON has an escape."""
    assert json.loads(encode_line({"text": "a\ud800b"})) == {"text": "a\ud800b"}
