"""The courier as a process of its own, beside an agent that dies in every way, with a real object store."""

import io
import json
import os
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from agentjob_api.job_config import ArchiveConfig
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import AgentResult, ProxyUsage, Verdict
from agentjob_runtime.courier.main import OVERTIME_SECONDS
from agentjob_runtime.courier.stream import STORED_MAX
from integration.pod.conftest import Attempt
from integration.pod.courierrun import CourierRun, wait_for
from support.minio import running_minio

DONE = AgentResult(verdict=Verdict.SUCCESS, reason=Reason.COMPLETED, message="Built it.", steps=3, session_id="s-1")


def event(seq: int) -> dict[str, object]:
    """A valid event."""
    return {
        "seq": seq,
        "time": "2026-11-21T09:30:00.000Z",
        "type": "message",
        "role": "assistant",
        "text": f"number {seq}",
    }


@pytest.fixture
def run(tmp_path: Path, workspace: Path) -> Iterator[CourierRun]:
    """A courier over an empty workspace."""
    courier_run = CourierRun(tmp_path / "root")
    yield courier_run
    courier_run.close()


def test_a_finished_job_is_archived_verified_and_reported(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """The ordinary end: archive, list, conversation, events and report are in the store, and the report tells the truth."""
    run.start(attempt.grant())
    (workspace / "app.py").write_text("print('hello')\n")
    run.paths.session.write_text('{"role": "user"}\n')
    run.append_events(event(1), event(2))
    run.paths.proxy_usage.write_text(ProxyUsage(requests=2, input_tokens=10).to_json())
    wait_for(lambda: "usage.json" in attempt.names(), "the usage")
    run.end_agent(DONE)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert (report.verdict, report.message, report.steps, report.session_id) == (Verdict.SUCCESS, "Built it.", 3, "s-1")
    assert report.usage.input_tokens == 10
    stored = ["files.json", "result.json", "session.jsonl.zst", "usage.json", "workspace.zip"]
    assert attempt.names() == ["events/000001.jsonl", *stored]
    assert attempt.read("result.json") == run.paths.termination_log.read_bytes()
    assert [json.loads(line)["seq"] for line in attempt.read("events/000001.jsonl").splitlines()] == [1, 2]
    assert report.log_key == attempt.prefix + "events/"
    archive = attempt.read("workspace.zip")
    assert report.workspace is not None
    assert (report.workspace.bytes, report.workspace.files) == (len(archive), 1)
    assert zipfile.ZipFile(io.BytesIO(archive)).read("app.py") == b"print('hello')\n"
    assert json.loads(attempt.read("files.json"))["files"] == [{"path": "app.py", "bytes": 15}]
    assert list(run.paths.courier_dir.iterdir()) == []


def test_a_killed_agent_is_archived_without_a_verdict(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """SIGKILL, as the OOM killer sends it: the kernel lets go of the lock and the work is saved."""
    run.start(attempt.grant())
    (workspace / "half.txt").write_text("half")
    run.kill_agent()
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert (report.verdict, report.reason) == (Verdict.NONE, None)
    assert report.workspace is not None
    assert not report.terminated


def test_a_stopped_agent_is_archived_as_out_of_time(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """SIGSTOP by what it started takes its own clock away; a result that claims success is not believed then."""
    run.timeout_seconds = int(1 - OVERTIME_SECONDS)
    run.start(attempt.grant())
    (workspace / "half.txt").write_text("half")
    run.paths.agent_result.write_text(DONE.to_json())
    assert run.agent is not None
    run.agent.send_signal(signal.SIGSTOP)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert (report.verdict, report.reason, report.terminated) == (Verdict.LIMIT, Reason.TIMEOUT, False)
    assert report.workspace is not None


def test_the_limit_that_the_proxy_enforced_is_named_when_the_agent_left_nothing(
    run: CourierRun, attempt: Attempt
) -> None:
    """Otherwise nobody would know why the agent gave up."""
    run.start(attempt.grant())
    usage = ProxyUsage(requests=9, limit_reached=Reason.TOKEN_LIMIT)
    run.paths.proxy_usage.write_text(usage.to_json())
    run.kill_agent()
    _, report = run.finish()
    assert report.usage.limit_reached is Reason.TOKEN_LIMIT
    assert "limits.tokens is used up" in report.message


def test_the_usage_is_in_the_store_before_the_courier_dies(run: CourierRun, attempt: Attempt) -> None:
    """An evicted pod leaves no report; the operator books the last count that was stored, which follows the proxy's."""
    run.start(attempt.grant())
    for requests in (1, 2):
        usage = ProxyUsage(requests=requests, input_tokens=100 * requests, cost_usd="0.1")
        run.paths.proxy_usage.write_text(usage.to_json())
        wait_for(lambda: "usage.json" in attempt.names(), "a count")
        wait_for(lambda: ProxyUsage.from_json(attempt.read("usage.json")) == usage, "this count")  # noqa: B023
    assert run.courier is not None
    run.courier.kill()
    run.courier.communicate()
    assert attempt.names() == ["usage.json"]


def test_deleting_lock_and_events_misleads_nobody(run: CourierRun, attempt: Attempt) -> None:
    """The agent may delete every file of the run folder: the courier holds the lock and the event file open."""
    run.start(attempt.grant())
    run.append_events(event(1))
    for path in (run.paths.lock, run.paths.events):
        path.unlink()
    shutil.rmtree(run.paths.session_dir)
    run.end_agent(None, signal.SIGKILL)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert report.verdict is Verdict.NONE
    assert "events/000001.jsonl" in attempt.names()


def test_hostile_results_are_not_believed(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """A link to a file of the courier's own container instead of a result: it is neither followed nor reported."""
    run.start(attempt.grant())
    secret = run.root / "secret.json"
    secret.write_text(DONE.to_json())
    run.paths.agent_result.symlink_to(secret)
    (workspace / "leak").symlink_to(run.paths.upload)
    shutil.rmtree(run.paths.session_dir)
    run.paths.session_dir.symlink_to(run.paths.config_dir)
    run.end_agent(None)
    _, report = run.finish()
    assert report.verdict is Verdict.NONE
    archive = zipfile.ZipFile(io.BytesIO(attempt.read("workspace.zip")))
    assert archive.read("leak") == str(run.paths.upload).encode()
    assert "session.jsonl.zst" not in attempt.names()


def test_events_are_stored_while_the_agent_works(run: CourierRun, attempt: Attempt) -> None:
    """The log outlives a pod that is lost: segments appear before the agent ends."""
    run.start(attempt.grant())
    run.append_events(event(1))
    wait_for(lambda: attempt.names() == ["events/000001.jsonl"], "the first segment")
    run.append_events(event(2))
    run.end_agent(DONE)
    run.finish()
    assert b"number 2" in attempt.read("events/000002.jsonl")


def test_a_flooded_and_truncated_event_file_breaks_nothing(run: CourierRun, attempt: Attempt) -> None:
    """Rubbish, a line without end and a truncation: what is an event is stored, the rest is dropped."""
    run.start(attempt.grant())
    run.append_events(event(1))
    wait_for(lambda: "events/000001.jsonl" in attempt.names(), "the first segment")
    run.paths.events.write_bytes(b"")
    with run.paths.events.open("ab") as file:
        file.write(b"x" * (3 << 20) + b"\n[]\n{}\n" + b"[" * 200_000 + b"\n")
        file.write(json.dumps(event(2)).encode() + b"\n" + b'{"torn":')
    run.end_agent(DONE)
    code, _ = run.finish()
    assert code == ExitCode.SUCCESS
    stored = b"".join(attempt.read(name) for name in attempt.names() if name.startswith("events/"))
    assert [json.loads(line)["seq"] for line in stored.splitlines()] == [1, 2]


def test_a_log_without_end_is_cut_with_a_word_about_it(run: CourierRun, attempt: Attempt) -> None:
    """70 MB of valid events: 64 MiB are stored, then one event says that the rest is not."""
    run.start(attempt.grant())
    text = "x" * 100_000
    with run.paths.events.open("a") as file:
        file.writelines(json.dumps(event(number) | {"text": text}) + "\n" for number in range(1, 701))
    run.end_agent(DONE)
    code, _ = run.finish()
    assert code == ExitCode.SUCCESS
    stored = b"".join(attempt.read(name) for name in attempt.names() if name.startswith("events/"))
    assert STORED_MAX - 200_000 < len(stored) < STORED_MAX + 1000
    *_, last, marker = (json.loads(line) for line in stored.splitlines())
    assert (marker["type"], marker["reason"]) == ("error", "LogTooLarge")
    assert marker["seq"] > last["seq"]


def test_an_archive_over_its_limit_is_reported_and_not_half_there(
    run: CourierRun, attempt: Attempt, workspace: Path
) -> None:
    """`archive.maxBytes` is hard: nothing is uploaded, the report says what to do, the verdict stands."""
    run.archive = ArchiveConfig(max_bytes=10_000)
    run.start(attempt.grant())
    (workspace / "noise.bin").write_bytes(os.urandom(50_000))
    run.end_agent(DONE)
    code, report = run.finish()
    assert code == ExitCode.COURIER_ARCHIVE_FAILED
    assert (report.verdict, report.archive_reason) == (Verdict.SUCCESS, Reason.ARCHIVE_TOO_LARGE)
    assert "spec.archive.maxBytes" in report.archive_message
    assert attempt.names() == ["result.json"]


def test_sigterm_is_told_and_the_work_is_still_saved(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """The pod is told to stop: the agent ends, the courier archives within the grace."""
    run.start(attempt.grant())
    (workspace / "work.txt").write_text("work")
    assert run.courier is not None
    run.courier.send_signal(signal.SIGTERM)
    run.end_agent(AgentResult(verdict=Verdict.CRASH, reason=Reason.AGENT_KILLED), signal.SIGTERM)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert report.terminated
    assert report.workspace is not None


def test_sigterm_before_the_agent_started_archives_nothing(run: CourierRun, attempt: Attempt) -> None:
    """An agent whose image cannot be pulled never starts; the courier must not hold up the pod's end."""
    run.lay(attempt.grant())
    run.start_courier()
    assert run.courier is not None
    run.courier.send_signal(signal.SIGTERM)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert (report.verdict, report.workspace, report.terminated) == (Verdict.NONE, None, True)
    assert "had started" in report.archive_message


def test_the_store_is_down_at_the_end_and_comes_back(tmp_path: Path, run: CourierRun, workspace: Path) -> None:
    """MinIO stopped when the agent ends: the courier keeps trying, nothing is lost."""
    folder = tmp_path / "minio"
    folder.mkdir()
    with running_minio(folder) as server:
        attempt = Attempt(server, "agentjobs/team/job/uid/1/")
        run.start(attempt.grant())
        (workspace / "work.txt").write_text("work")
        run.append_events(event(1))
        server.stop()
        run.end_agent(DONE)
        assert run.courier is not None
        assert run.courier.stderr is not None
        for line in run.courier.stderr:
            if "cannot store workspace.zip" in line:
                break
        server.start()
        code, report = run.finish()
        assert code == ExitCode.SUCCESS
        assert report.workspace is not None
        assert attempt.names() == ["events/000001.jsonl", "files.json", "result.json", "workspace.zip"]


def test_a_missing_bucket_is_said(run: CourierRun, attempt: Attempt) -> None:
    """No archive, but a report that names the bucket, and the exit code of the contract."""
    run.start(attempt.store.grant(attempt.prefix, bucket="no-such-bucket"))
    run.end_agent(DONE)
    code, report = run.finish()
    assert code == ExitCode.COURIER_ARCHIVE_FAILED
    assert report.archive_reason is Reason.ARCHIVE_FAILED
    assert "The bucket does not exist" in report.archive_message
    assert report.verdict is Verdict.SUCCESS


def test_the_archive_opens_with_unzip(run: CourierRun, attempt: Attempt, workspace: Path, tmp_path: Path) -> None:
    """What the user has on the desk."""
    run.start(attempt.grant())
    (workspace / "sub").mkdir()
    (workspace / "sub" / "tool.sh").write_text("#!/bin/sh\n")
    (workspace / "sub" / "tool.sh").chmod(0o700)
    run.end_agent(DONE)
    run.finish()
    target = tmp_path / "download.zip"
    target.write_bytes(attempt.read("workspace.zip"))
    listing = subprocess.run(["unzip", "-Z", target], capture_output=True, text=True, check=True).stdout
    assert "-rwxr-xr-x" in listing
    subprocess.run(["unzip", "-tq", target], check=True)
