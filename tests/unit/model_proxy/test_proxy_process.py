"""The container's process: what it starts with, and that it ends at once."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
from agentjob_api.job_config import JobConfig
from agentjob_api.pod import ENV_MODEL_API_KEY, ExitCode
from agentjob_api.report import ProxyUsage
from agentjob_runtime.common.paths import ENV_ROOT, Paths
from aiohttp.test_utils import unused_port
from modelservers.conversation import messages
from modelservers.raw import RawEndpoint, delta, sse, streaming
from modelservers.running import job_config, running_app

KEY = "sk-process-0123456789"
ROOT = Path(__file__).parents[3]
RUN = "import sys; from agentjob_api import pod; pod.PROXY_PORT = {port}; from agentjob_runtime.__main__ import main; "
RUN += "sys.exit(main(['model-proxy']))"


def attempt(root: Path, config: JobConfig) -> Paths:
    """The files that a pod would mount."""
    paths = Paths.under(root)
    paths.make_dirs()
    paths.config.write_text(config.to_json())
    return paths


async def start(root: Path, port: int) -> asyncio.subprocess.Process:
    """The program as in the container, but for the port: other tests on this machine may use the contract's."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("crds", "agent_runtime"))
    env = {**os.environ, "PYTHONPATH": path, ENV_ROOT: str(root), ENV_MODEL_API_KEY: f"{KEY}\n"}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN.format(port=port), env=env, stdout=pipe, stderr=pipe
    )


async def line_of(process: asyncio.subprocess.Process) -> dict[str, object]:
    """Its next log line."""
    assert process.stderr
    parsed: dict[str, object] = json.loads(await process.stderr.readline())
    return parsed


def listening_on(port: int) -> list[str]:
    """Local addresses (hexadecimal, as the kernel writes them) with a listener on `port`."""
    lines = [*Path("/proc/net/tcp").read_text().splitlines(), *Path("/proc/net/tcp6").read_text().splitlines()]
    listening = (line.split()[1] for line in lines if " 0A " in line)
    return [address for address in listening if address.endswith(f":{port:04X}")]


async def test_sigterm_ends_it_with_a_stream_open_and_the_usage_saved(tmp_path: Path) -> None:
    """Sidecars must not hold up the pod, and what the open call used is not forgotten."""
    endpoint, port = RawEndpoint(streaming(*sse(delta("word " * 80)), hang=True)), unused_port()
    async with running_app(endpoint.app()) as url, aiohttp.ClientSession() as session:
        paths = attempt(tmp_path, job_config(url))
        process = await start(tmp_path, port)
        assert (await line_of(process))["message"] == "ready"
        request = {"model": "echo", "messages": messages("Go."), "stream": True}
        async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=request) as answer:
            await answer.content.readany()
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), 20)
    usage = ProxyUsage.from_json(paths.proxy_usage.read_bytes())
    assert process.returncode == ExitCode.SUCCESS
    assert usage.requests == 1
    assert usage.output_tokens == 100
    assert out == b""
    assert KEY.encode() not in err
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    """Nobody outside the pod may spend the budget."""
    port = unused_port()
    attempt(tmp_path, job_config("http://127.0.0.1:1/v1"))
    process = await start(tmp_path, port)
    await line_of(process)
    addresses = listening_on(port)
    process.terminate()
    await process.communicate()
    assert addresses == [f"0100007F:{port:04X}"]


async def test_unreadable_configuration_is_named(tmp_path: Path) -> None:
    """Exit code and sentence; no key in it."""
    process = await start(tmp_path, unused_port())
    _, err = await process.communicate()
    assert process.returncode == ExitCode.CONFIG
    assert b"job.json" in err
    assert KEY.encode() not in err


async def test_cost_limit_without_prices_is_refused(tmp_path: Path) -> None:
    """The API server refuses it already; counting nothing would be no limit at all."""
    attempt(tmp_path, job_config("http://127.0.0.1:1/v1", cost="1"))
    process = await start(tmp_path, unused_port())
    _, err = await process.communicate()
    assert process.returncode == ExitCode.CONFIG
    assert b"prices" in err
