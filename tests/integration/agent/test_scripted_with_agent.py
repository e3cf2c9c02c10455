"""Scripts played by the real agent through the real proxy: what the cluster's pods do, without a cluster."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from agentjob_api.pod import ExitCode
from agentjob_api.report import AgentResult, ProxyUsage
from agentjob_runtime.common.paths import ENV_ROOT, Paths
from agentjob_runtime.engines.builtin.settings import ENV_SETTINGS
from modelservers.running import RunningProxy, RunningScripted, job_config, running_proxy, running_scripted

ROOT = Path(__file__).parents[3]
CODE = "def add(a, b):\n    return a - b\n"
TEST = "import unittest, calc\n\n\nclass T(unittest.TestCase):\n    def test_add(self):\n"
TEST += "        self.assertEqual(calc.add(2, 3), 5)\n"


def attempt(root: Path, model: str, task: str) -> Paths:
    """The files that prepare, the operator and the courier leave for the agent."""
    paths = Paths.under(root)
    paths.make_dirs()
    config = job_config("http://only-the-proxy-knows", model).replace(workspace_bytes=10**9)
    paths.config.write_text(config.to_json())
    paths.task.write_text(task)
    for path in (paths.lock, paths.events, paths.courier_ready):
        path.touch()
    return paths


def make_repository(folder: Path) -> None:
    """A project with a bug and a test that shows it."""
    (folder / "calc.py").write_text(CODE)
    (folder / "test_calc.py").write_text(TEST)
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], check=True)


async def run_agent(root: Path, proxy: RunningProxy) -> int:
    """The container's program."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("crds", "agent_runtime"))
    settings = json.dumps({"base_url": f"{proxy.url}/v1", "backoff_seconds": 0.01})
    env = {**os.environ, "PYTHONPATH": path, ENV_ROOT: str(root), ENV_SETTINGS: settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agentjob_runtime", "agent", env=env, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def play(root: Path, model: str, task: str, scripted: RunningScripted) -> tuple[int, Paths, ProxyUsage]:
    """Exit code, files and count of an attempt."""
    paths = attempt(root, model, task)
    if model.startswith("repo-edit"):
        make_repository(paths.workspace)
    async with running_proxy(job_config(scripted.endpoint, model), paths.proxy_dir) as proxy:
        return await run_agent(root, proxy), paths, proxy.usage()


async def test_repo_edit_fixes_a_real_repository(tmp_path: Path) -> None:
    """It reads, edits, runs the project's own tests and finishes, and the protocol was kept all the way."""
    params = {"search": "def add", "path": "calc.py", "old": "return a - b", "new": "return a + b"}
    params["test"] = f"{sys.executable} -m unittest -q"
    task = f"Fix add.\n```script\n{yaml.safe_dump({'params': params})}```\n"
    async with running_scripted() as scripted:
        code, paths, usage = await play(tmp_path, "repo-edit", task, scripted)
        assert scripted.violations() == []
    assert code == ExitCode.SUCCESS
    assert "return a + b" in (paths.workspace / "calc.py").read_text()
    assert usage.requests == 7
    assert usage.input_tokens > 1000


@pytest.mark.parametrize(
    ("model", "code", "requests"),
    [
        ("echo", ExitCode.SUCCESS, 2),
        ("fail", ExitCode.AGENT_FAILURE, 2),
        ("echo+StreamCut:1", ExitCode.SUCCESS, 3),
        ("echo+StreamCutInToolCall:1", ExitCode.SUCCESS, 3),
        ("echo+MalformedToolCall:1", ExitCode.SUCCESS, 3),
        ("echo+UnknownTool:1", ExitCode.SUCCESS, 3),
        ("echo+EmptyReply:1", ExitCode.SUCCESS, 3),
        ("echo+EmptyObject:1", ExitCode.SUCCESS, 3),
        ("echo+ServerError:2", ExitCode.SUCCESS, 4),
        ("echo+Unauthorized", ExitCode.AGENT_CRASH, 1),
    ],
)
async def test_agent_gets_over_faults_without_breaking_the_protocol(
    tmp_path: Path, model: str, code: ExitCode, requests: int
) -> None:
    """What came before, between and after a fault makes a conversation that a strict provider takes."""
    async with running_scripted() as scripted:
        ended, paths, usage = await play(tmp_path, model, "Write a greeting.", scripted)
        assert scripted.violations() == []
    assert (ended, usage.requests) == (code, requests)
    assert AgentResult.from_json(paths.agent_result.read_bytes()).message
    assert (paths.workspace / "hello.txt").exists() == (code == ExitCode.SUCCESS)
