"""A checkpoint from a real courier through a real store into a real `prepare`: what was there is there again, or nothing is."""

import io
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from agentjob_api.checkpoint import Answer, Request, Result
from agentjob_api.grant import RestoreGrant
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import AgentResult, PrepareFailure, Report, Verdict
from agentjob_runtime.common.paths import Paths
from integration.pod.conftest import Attempt
from integration.pod.courierrun import ROOT, CourierRun, wait_for
from support.minio import BUCKET, running_minio

KILLED = AgentResult(verdict=Verdict.CRASH, reason=Reason.AGENT_KILLED)
DONE = AgentResult(verdict=Verdict.SUCCESS, reason=Reason.COMPLETED)
NAME = "checkpoint.tar.zst"


@pytest.fixture
def run(tmp_path: Path, workspace: Path) -> Iterator[CourierRun]:
    """A courier over an empty workspace."""
    courier_run = CourierRun(tmp_path / "root")
    yield courier_run
    courier_run.close()


def stopped(run: CourierRun, result: AgentResult | None) -> Report:
    """The report of a pod that was told to stop, in which the agent ended with `result`."""
    assert run.courier is not None
    run.courier.send_signal(signal.SIGTERM)
    run.end_agent(result, signal.SIGTERM)
    code, report = run.finish()
    assert code == ExitCode.SUCCESS
    return report


def restored(attempt: Attempt, root: Path, data: bytes | None = None) -> tuple[int, Paths]:
    """Exit code and files of a `prepare` that is given the checkpoint in the store, or one of which `data` is expected."""
    paths = Paths.under(root)
    paths.make_dirs()
    expected = attempt.read(NAME) if data is None else data
    url = attempt.store.client().presigned_get_object(BUCKET, attempt.prefix + NAME)
    grant = RestoreGrant(
        url=url,
        key=attempt.prefix + NAME,
        bytes=len(expected),
        sha256=sha256(expected).hexdigest(),
        expires_at="2099-01-01T00:00:00Z",
    )
    paths.restore.write_text(grant.to_json())
    (paths.config).write_text((root.parent / "root" / "etc/agentjob/job.json").read_text())
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}",
        "AGENTJOB_ROOT": str(root),
    }
    command = [sys.executable, "-m", "agentjob_runtime", "prepare"]
    return subprocess.run(command, env=environment, check=False).returncode, paths


def fill(workspace: Path) -> None:
    """What a checkpoint must bring back."""
    (workspace / "node_modules").mkdir()
    (workspace / "node_modules" / "cache.js").write_text("cache")
    (workspace / "empty").mkdir()
    (workspace / "tool.sh").write_text("#!/bin/sh\n")
    (workspace / "tool.sh").chmod(0o755)
    (workspace / "out").symlink_to("/etc")
    (workspace / ("long" * 50)).write_text("long")
    with (workspace / "hole").open("wb") as file:
        file.truncate(100 << 20)


def test_what_was_there_when_the_pod_stopped_is_there_again(
    run: CourierRun, attempt: Attempt, workspace: Path, tmp_path: Path
) -> None:
    """Caches, empty folders, modes and links included; a link is a link again, and holes take no room."""
    run.start(attempt.grant())
    fill(workspace)
    run.paths.session.write_text('{"kind": "session"}\n')
    report = stopped(run, KILLED)
    assert report.checkpoint is not None
    assert (report.checkpoint.key, report.checkpoint_message) == (attempt.prefix + NAME, "")
    assert report.workspace is not None
    assert list(run.paths.courier_dir.iterdir()) == []
    code, paths = restored(attempt, tmp_path / "next")
    assert code == ExitCode.SUCCESS
    assert (paths.workspace / "node_modules/cache.js").read_text() == "cache"
    assert (paths.workspace / "empty").is_dir()
    assert os.access(paths.workspace / "tool.sh", os.X_OK)
    assert os.readlink(paths.workspace / "out") == "/etc"
    assert (paths.workspace / ("long" * 50)).read_text() == "long"
    assert (paths.workspace / "hole").stat().st_size == 100 << 20
    assert (paths.workspace / "hole").stat().st_blocks * 512 < 10 << 20
    assert paths.session.read_text() == '{"kind": "session"}\n'


@pytest.mark.parametrize("damage", ["torn", "tampered"])
def test_a_checkpoint_that_is_not_the_one_that_was_stored_is_refused(
    run: CourierRun, attempt: Attempt, workspace: Path, tmp_path: Path, damage: str
) -> None:
    """Nothing of it stays: neither a half workspace nor another conversation."""
    run.start(attempt.grant())
    fill(workspace)
    run.paths.session.write_text('{"kind": "session"}\n')
    stopped(run, KILLED)
    good = attempt.read(NAME)
    other = good[: len(good) // 2] if damage == "torn" else good
    client = attempt.store.client()
    client.put_object(BUCKET, attempt.prefix + NAME, io.BytesIO(other), len(other))
    expected = other if damage == "torn" else good[:-1] + b"x"
    code, paths = restored(attempt, tmp_path / "next", expected)
    assert code == ExitCode.PREPARE_FAILED
    failure = PrepareFailure.from_json(paths.termination_log.read_bytes())
    assert failure.reason is Reason.PREPARE_FAILED
    assert "X-Amz" not in failure.message
    assert list(paths.workspace.iterdir()) == []
    assert list(paths.session_dir.iterdir()) == []


def test_a_final_verdict_needs_no_checkpoint(run: CourierRun, attempt: Attempt) -> None:
    """Nothing will go on from it, and the time is the archive's."""
    run.start(attempt.grant())
    run.paths.session.write_text('{"kind": "session"}\n')
    assert stopped(run, DONE).checkpoint is None
    assert NAME not in attempt.names()


def test_a_link_in_place_of_the_session_is_not_followed(run: CourierRun, attempt: Attempt, workspace: Path) -> None:
    """The courier's own grant lies in a folder that a hostile agent would like to have packed."""
    run.start(attempt.grant())
    (workspace / "kept.txt").write_text("kept")
    run.paths.session.unlink(missing_ok=True)
    run.paths.session_dir.rmdir()
    run.paths.session_dir.symlink_to(run.paths.config_dir)
    report = stopped(run, KILLED)
    assert report.checkpoint is None
    assert "no checkpoint" in report.checkpoint_message
    assert report.workspace is not None


def asked(run: CourierRun, number: int) -> Result:
    """What a courier answers to one request."""
    run.paths.checkpoint_request.write_text(Request(number=number).to_json())
    path = run.paths.checkpoint_answer
    wait_for(lambda: path.exists() and Answer.from_json(path.read_bytes()).number == number, "an answer")
    return Answer.from_json(path.read_bytes()).result


def test_an_agent_that_asks_again_and_again_gets_one_in_time(
    run: CourierRun, attempt: Attempt, workspace: Path
) -> None:
    """Packing is not cheap: a hostile agent cannot have the courier do nothing else. Rubbish is no request."""
    run.checkpoint_seconds = 3600
    run.start(attempt.grant())
    run.paths.session.write_text("x")
    run.paths.checkpoint_request.write_text("rubbish" * 1000)
    assert asked(run, 1) is Result.PACKED
    assert {asked(run, number) for number in range(2, 6)} <= {Result.TOO_SOON, Result.BUSY}
    wait_for(lambda: NAME in attempt.names(), "the checkpoint")
    run.kill_agent()
    _, report = run.finish()
    assert report.checkpoint is not None
    assert list(run.paths.courier_dir.iterdir()) == []


def test_what_was_packed_after_the_agent_went_on_is_thrown_away(
    run: CourierRun, attempt: Attempt, workspace: Path
) -> None:
    """An agent that never lets go keeps no courier waiting, and workspace and conversation would not belong together."""
    run.checkpoint_seconds = 0
    run.start(attempt.grant())
    run.paths.session.write_text("x")
    (workspace / "noise").write_bytes(os.urandom(256 << 20))
    run.paths.checkpoint_request.write_text(Request(number=1).to_json())
    wait_for(lambda: any(run.paths.courier_dir.iterdir()), "packing")
    run.paths.checkpoint_request.unlink()
    wait_for(run.paths.checkpoint_answer.exists, "an answer")
    assert Answer.from_json(run.paths.checkpoint_answer.read_bytes()).result is Result.FAILED
    run.kill_agent()
    _, report = run.finish()
    assert report.checkpoint is None


def test_a_store_that_is_down_costs_one_checkpoint_and_not_the_job(
    tmp_path: Path, run: CourierRun, workspace: Path
) -> None:
    """The agent goes on at once; when the store is back the next one is stored."""
    run.checkpoint_seconds = 0
    folder = tmp_path / "minio"
    folder.mkdir()
    with running_minio(folder) as server:
        attempt = Attempt(server, "agentjobs/team/job/uid/1/")
        run.start(attempt.grant())
        run.paths.session.write_text("x")
        server.stop()
        assert asked(run, 1) is Result.PACKED
        assert asked(run, 2) is Result.BUSY
        server.start()
        wait_for(lambda: NAME in attempt.names(), "the checkpoint")
        first = attempt.read(NAME)
        (workspace / "more.txt").write_text("more")
        numbers = itertools.count(3)
        wait_for(lambda: asked(run, next(numbers)) is Result.PACKED, "the next one")
        wait_for(lambda: attempt.read(NAME) != first, "the next one in the store")
        run.kill_agent()
        code, report = run.finish()
    assert code == ExitCode.SUCCESS
    assert report.checkpoint is not None
    assert report.checkpoint_message == ""
