"""Starts and stops servers in the running event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from agentjob_api.job_config import ArchiveConfig, JobConfig, LimitsConfig, ModelConfig
from agentjob_api.report import ProxyUsage
from agentjob_runtime.common.serving import serve_app
from agentjob_runtime.model_proxy.main import Settings, serve
from agentjob_runtime.model_proxy.upstream import Timeouts
from agentjob_runtime.scripted_model.library import SHIPPED, Library
from agentjob_runtime.scripted_model.server import ScriptedModel
from aiohttp import web
from aiohttp.test_utils import unused_port
from openai import AsyncOpenAI


@asynccontextmanager
async def running_app(app: web.Application) -> AsyncIterator[str]:
    """Serves `app`; gives its base URL."""
    port, stop, ready = unused_port(), asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve_app(app, "127.0.0.1", port, stop, ready=ready.set))
    try:
        await ready.wait()
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await task


@dataclass
class RunningScripted:
    """A scripted model; `endpoint` is what `model.endpoint` would be."""

    endpoint: str
    server: ScriptedModel

    def violations(self) -> list[str]:
        """What its clients did wrong."""
        return [entry["violation"] for entry in self.server.journal.violations]


@asynccontextmanager
async def running_scripted(folder: Path = SHIPPED, key: str | None = None) -> AsyncIterator[RunningScripted]:
    """A scripted model."""
    server = ScriptedModel(Library(folder), key)
    async with running_app(server.app()) as url:
        yield RunningScripted(f"{url}/v1", server)


@dataclass
class RunningProxy:
    """A model-proxy."""

    url: str
    usage_file: Path

    def usage(self) -> ProxyUsage:
        """What the courier would read now."""
        return ProxyUsage.from_json(self.usage_file.read_bytes())

    def client(self) -> AsyncOpenAI:
        """The client that the agent uses."""
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key="unused", max_retries=0)


def job_config(
    endpoint: str,
    model: str = "echo",
    tokens: int | None = None,
    cost: str | None = None,
    prices: tuple[str, str] | None = None,
) -> JobConfig:
    """`job.json` of an attempt."""
    per_input, per_output = prices or (None, None)
    return JobConfig(
        namespace="default",
        name="job",
        uid="8a5b1f8e-0000-4000-8000-000000000000",
        attempt=1,
        model=ModelConfig(
            name=model, endpoint=endpoint, input_per_million_tokens=per_input, output_per_million_tokens=per_output
        ),
        limits=LimitsConfig(steps=10, tokens=tokens, cost_usd=cost, timeout_seconds=600),
        archive=ArchiveConfig(max_bytes=1),
        workspace_bytes=1,
    )


@asynccontextmanager
async def running_proxy(
    config: JobConfig, folder: Path, key: str | None = None, timeouts: Timeouts | None = None
) -> AsyncIterator[RunningProxy]:
    """A model-proxy whose usage file lies in `folder`."""
    port, stop, ready = unused_port(), asyncio.Event(), asyncio.Event()
    settings = Settings(config, folder / "usage.json", key, port, timeouts or Timeouts())
    task = asyncio.create_task(serve(settings, stop, ready))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield RunningProxy(f"http://127.0.0.1:{port}", settings.usage)
    finally:
        waiting.cancel()
        stop.set()
        await task


def dollars(usage: ProxyUsage) -> Decimal:
    """The counted cost."""
    return Decimal(usage.cost_usd)
