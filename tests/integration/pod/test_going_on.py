"""The whole way of a crash: agent, courier, store, prepare and the next agent, all real, with a model that checks the protocol."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from agentjob_api.grant import RestoreGrant
from agentjob_api.pod import ExitCode
from agentjob_api.report import Report
from agentruns.run import ROOT, AgentJobFiles, run_agent, started_agent
from agentruns.turns import shell
from integration.pod.conftest import Attempt
from modelservers.conversation import FINISH, inline_task
from modelservers.running import running_scripted
from support.minio import BUCKET

NAME = "checkpoint.tar.zst"


def started(role: str, root: Path) -> subprocess.Popen[bytes]:
    """One of the pod's containers."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}",
        "AGENTJOB_ROOT": str(root),
    }
    return subprocess.Popen([sys.executable, "-m", "agentjob_runtime", role], env=environment)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Ended in the end."""
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for process in found:
        if process.poll() is None:
            process.kill()
            process.wait()


def grant_of(attempt: Attempt) -> RestoreGrant:
    """What the operator hands to the next attempt."""
    data, key = attempt.read(NAME), attempt.prefix + NAME
    url = attempt.store.client().presigned_get_object(BUCKET, key)
    digest = sha256(data).hexdigest()
    return RestoreGrant(url=url, key=key, bytes=len(data), sha256=digest, expires_at="2099-01-01T00:00:00Z")


async def test_an_agent_that_is_killed_goes_on_from_its_checkpoint(
    tmp_path: Path, attempt: Attempt, processes: list[subprocess.Popen[bytes]]
) -> None:
    """SIGKILL after a checkpoint beside a background writer: the next agent has files and conversation, and the prompt once."""
    first, second = tmp_path / "first", tmp_path / "second"
    turns = [
        shell("(for i in $(seq 100); do date >> log; sleep 0.1; done) >/dev/null 2>&1 & echo one > one.txt"),
        shell("sleep 1.2; mkdir -p node_modules; echo two > node_modules/two.txt"),
        shell(f"[ -d {second} ] || sleep 20; cat one.txt node_modules/two.txt"),
        FINISH,
    ]
    async with running_scripted() as model:
        files = AgentJobFiles(first, model.endpoint, inline_task(*turns), courier=False, checkpoint_seconds=1)
        async with started_agent(files) as run:
            run.paths.upload.write_text(attempt.grant().to_json())
            processes.append(started("courier", first))
            await run.until(lambda: NAME in attempt.names())
            await run.until(lambda: len(run.events("step")) == 3)
            run.process.send_signal(signal.SIGKILL)
            await run.wait()
        assert processes[0].wait() == ExitCode.SUCCESS
        report = Report.from_json(run.paths.termination_log.read_bytes())
        assert report.checkpoint is not None

        following = AgentJobFiles(second, model.endpoint, files.task)
        following.write()
        following.paths.restore.write_text(grant_of(attempt).to_json())
        processes.append(started("prepare", second))
        assert processes[1].wait() == ExitCode.SUCCESS
        assert (following.paths.workspace / "log").exists()
        again = await run_agent(following)
        assert model.violations() == []
    assert again.exit_code == ExitCode.SUCCESS, again.stderr
    assert "two" in again.events("tool_result")[0]["output"]
    assert again.events("session")[0]["resumed"]
    assert "the checkpoint of attempt 1" in again.events("message")[0]["text"]
    assert [step["step"] for step in again.events("step")] == [1, 2]
    lines = [json.loads(line) for line in following.paths.session.read_text().splitlines()]
    assert sum(files.task in line["message"]["content"] for line in lines if line["kind"] == "message") == 1
    assert report.session_id in {"", lines[0]["sessionID"]}
