"""One run of the agent: its files, its process, what it left."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentjob_api.job_config import ArchiveConfig, JobConfig, LimitsConfig, ModelConfig
from agentjob_api.report import AgentResult
from agentjob_runtime.common.paths import Paths

ROOT = Path(__file__).parents[2]
QUICK: dict[str, Any] = {"backoff_seconds": 0.01, "backoff_cap_seconds": 0.05, "startup_seconds": 0, "tries": 4}
"""Engine settings that let a test fail in milliseconds."""


def read_events(path: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The events in a file, or those of one type."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    return [event for event in events if kind in {None, event["type"]}]


@dataclass
class AgentJobFiles:
    """What prepare and the operator leave for the agent."""

    root: Path
    endpoint: str
    task: str
    model: str = "inline"
    steps: int = 50
    timeout_seconds: int = 60
    workspace_bytes: int = 1 << 30
    limits_bytes: dict[str, int] = field(default_factory=dict)
    """`home_bytes`, `tmp_bytes`, `run_bytes`."""
    checkpoint_seconds: int | None = None
    courier: bool = True
    """The courier is ready from the start."""
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> Paths:
        """Under the test's root."""
        return Paths.under(self.root)

    def write(self) -> None:
        """Lays the files."""
        self.paths.make_dirs()
        limits = LimitsConfig(steps=self.steps, timeout_seconds=self.timeout_seconds)
        config = JobConfig(
            namespace="team",
            name="job",
            uid="uid-1",
            attempt=1,
            model=ModelConfig(name=self.model, endpoint="http://unused.invalid/v1"),
            limits=limits,
            archive=ArchiveConfig(max_bytes=1 << 30),
            workspace_bytes=self.workspace_bytes,
            checkpoint_seconds=self.checkpoint_seconds,
        )
        self.paths.config.write_text(config.replace(**self.limits_bytes).to_json())
        self.paths.task.write_text(self.task)
        self.paths.lock.touch()
        self.paths.events.touch()
        if self.courier:
            self.paths.courier_ready.touch()

    def process_environment(self) -> dict[str, str]:
        """Of the agent's process."""
        settings = {**QUICK, "base_url": self.endpoint, **self.settings}
        return {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}",
            "AGENTJOB_ROOT": str(self.root),
            "AGENTJOB_ENGINE_SETTINGS": json.dumps(settings),
            **self.environment,
        }


@dataclass
class AgentRun:
    """A running or ended agent."""

    files: AgentJobFiles
    process: asyncio.subprocess.Process
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""

    @property
    def paths(self) -> Paths:
        """Of its root."""
        return self.files.paths

    async def wait(self) -> int:
        """Its exit code; takes its output."""
        stdout, stderr = await self.process.communicate()
        self.stdout, self.stderr = stdout.decode(), stderr.decode()
        self.exit_code = self.process.returncode
        assert self.exit_code is not None
        return self.exit_code

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What is in the event file so far, or the events of one type."""
        return read_events(self.paths.events, kind)

    def result(self) -> AgentResult:
        """`result.json`."""
        return AgentResult.from_json(self.paths.agent_result.read_bytes())

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Waits for something to become true while it runs."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"did not happen in {seconds} s; events: {self.events()[-3:]}")


@asynccontextmanager
async def started_agent(files: AgentJobFiles) -> AsyncIterator[AgentRun]:
    """Starts the agent; kills what is left of it in the end."""
    files.write()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "agentjob_runtime",
        "agent",
        env=files.process_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield AgentRun(files, process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def run_agent(files: AgentJobFiles) -> AgentRun:
    """Runs the agent to its end."""
    async with started_agent(files) as run:
        await run.wait()
        return run
