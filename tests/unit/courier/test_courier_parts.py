"""The courier's pure parts: the report that fits, claims that are believed, lines that are events."""

import json
import os
from pathlib import Path

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import AgentResult, ProxyUsage, Report, StoredObject, Verdict
from agentjob_runtime.courier.lines import LINE_MAX, LineCutter
from agentjob_runtime.courier.outcome import parse_result
from agentjob_runtime.courier.report import fit, message_of
from agentjob_runtime.courier.tail import Tail
from agentjob_runtime.courier.untrusted import UntrustedError, read_bounded

KEY = "prefix/" + "n" * 63 + "/" + "j" * 253 + "/0f8fad5b-d9cb-469f-a165-70867728950e/10/"


def report(message: str, archive_message: str = "") -> Report:
    """With the longest names there can be."""
    return Report(
        uid="0f8fad5b-d9cb-469f-a165-70867728950e",
        attempt=10,
        verdict=Verdict.SUCCESS,
        reason=Reason.COMPLETED,
        message=message,
        steps=10_000,
        session_id="s" * 64,
        usage=ProxyUsage(requests=10**6, input_tokens=10**12, output_tokens=10**12, cost_usd="123456789.123456"),
        workspace=StoredObject(key=KEY + "workspace.tar.zst", bytes=5 << 30, sha256="a" * 64, files=10**6),
        archive_message=archive_message,
        log_key=KEY + "events/",
        active_seconds=10**6,
    )


@pytest.mark.parametrize("message", ["", "short", "x" * 5000, "ü" * 5000, "☃🎉" * 3000, '\x00\n"\\' * 2000, "🎉"])
@pytest.mark.parametrize("archive_message", ["", "y" * 3000])
def test_a_report_always_fits_and_stays_valid(message: str, archive_message: str) -> None:
    """1,500 bytes of UTF-8 JSON, cut between characters; everything else survives."""
    data = fit(report(message, archive_message))
    assert len(data) <= 1500
    read = Report.from_json(data)
    assert message.startswith(read.message.removesuffix("…"))
    assert read == report(read.message, read.archive_message)
    assert json.loads(data)["version"] == 1


def test_as_much_of_the_message_as_fits_is_kept() -> None:
    """Not a byte is wasted on a cut that is too early."""
    assert len(fit(report("x" * 5000))) == 1500


def test_names_give_way_to_the_archive_s_key() -> None:
    """A prefix as long as S3 allows: the operator can rebuild the log's key, not the archive's checksum."""
    long = report("x" * 5000).replace(log_key="k" * 900, archive_message="y" * 2000)
    read = Report.from_json(fit(long))
    assert (read.message, read.archive_message, read.session_id, read.log_key) == ("", "", "", "")
    assert read.workspace == long.workspace


def claim(**changes: object) -> bytes:
    """A valid result, changed."""
    valid = {"verdict": "Success", "reason": "Completed", "message": "done", "steps": 1, "sessionId": "s"}
    return json.dumps(valid | changes).encode()


def test_a_valid_claim_is_believed() -> None:
    """And only repeated, as the agent's own word."""
    result = parse_result(claim())
    assert (result.verdict, result.reason, result.steps) == (Verdict.SUCCESS, Reason.COMPLETED, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"{", b"\xff", b"[" * 60_000, claim(verdict="Great"), claim(reason="Because"), claim(steps=-1),
        claim(steps=10**30), claim(steps="many"), claim(sessionId="s" * 65), claim(verdict="None"), claim(reason="AgentFailed"),
        claim(verdict="Crash", reason="Completed"), claim(verdict="Failure", reason="Unschedulable"), claim(message={}),
        b'{"verdict":"Success","reason":"Completed","message":"\\ud800"}',
    ],
)  # fmt: skip
def test_other_claims_are_not_believed(data: bytes) -> None:
    """Whatever a hostile process writes there: the verdict becomes NONE, nothing breaks."""
    with pytest.raises(ValueError, match="not an AgentResult"):
        parse_result(data)


def test_the_message_without_a_verdict_says_what_the_proxy_knows() -> None:
    """The agent died of a limit that the proxy enforced."""
    nothing = AgentResult(verdict=Verdict.NONE, reason=Reason.AGENT_CRASHED)
    assert "limits.costUSD is used up" in message_of(nothing, ProxyUsage(limit_reached=Reason.COST_LIMIT))
    assert message_of(nothing, ProxyUsage()) == "The agent ended without a result."


def event(seq: object = 1, kind: str = "message") -> bytes:
    """One line."""
    return json.dumps({"seq": seq, "type": kind}).encode() + b"\n"


def test_lines_are_cut_wherever_the_pieces_end() -> None:
    """A reader sees the file grow at any byte."""
    cutter = LineCutter()
    stream = event(1) + event(2) + event(3)
    kept = b"".join(cutter.feed(stream[at : at + 7]) for at in range(0, len(stream), 7))
    assert (kept, cutter.last_seq, cutter.dropped) == (stream, 3, 0)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\n", b"no json\n", b"[]\n", b"{}\n", b'{"type":"message"}\n', event(0), event("1"), event(1 << 60), event(1, "other"),
        b"[" * 100_000 + b"\n", b"\xff\xfe\n", b"\0" * 5000 + b"\n", b'{"seq":1,"type":"message","x":"' + b"y" * LINE_MAX + b'"}\n',
        b'{"seq":' + b"9" * 6000 + b"}\n",
    ],
)  # fmt: skip
def test_what_is_no_event_is_dropped_and_counted(rubbish: bytes) -> None:
    """And the next line is whole again."""
    cutter = LineCutter()
    assert cutter.feed(event(1) + rubbish + event(2)) == event(1) + event(2)
    assert cutter.dropped == 1


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """It is given up at the limit, once, and counted once."""
    cutter = LineCutter()
    for _ in range(20):
        assert cutter.feed(b"x" * (LINE_MAX // 2)) == b""
        assert len(cutter._rest) <= LINE_MAX
    assert cutter.feed(b"\n" + event(7)) == event(7)
    assert cutter.dropped == 1


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    """The agent may do that; new events must not be lost for it."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"0123456789")
    fd = os.open(path, os.O_RDONLY)
    tail = Tail(fd)
    assert tail.read() == (b"0123456789", False)
    path.write_bytes(b"abc")
    assert tail.read() == (b"abc", True)
    assert tail.read() == (b"", False)
    os.close(fd)


def test_only_regular_files_of_bounded_size_are_read(tmp_path: Path) -> None:
    """A pipe would block, a link would lead elsewhere, a giant would fill the memory."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path)
    assert read_bounded(tmp_path / "file", 100) == b"x" * 100
    for name in ("pipe", "folder"):
        with pytest.raises((UntrustedError, OSError)):
            read_bounded(tmp_path / name, 100)
    with pytest.raises(UntrustedError):
        read_bounded(tmp_path / "file", 99)
    for path in (tmp_path / "link", tmp_path / "elsewhere" / "file"):
        with pytest.raises(OSError):  # noqa: PT011 - ELOOP or ENOTDIR
            read_bounded(path, 100)
