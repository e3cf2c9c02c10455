"""Runs the engine in this process, against a real endpoint: for what needs no process of its own."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentjob_runtime.common.config import read_job_config, read_task
from agentjob_runtime.common.outcome import Outcome
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.engines.base import Job
from agentjob_runtime.engines.builtin.engine import BuiltinEngine
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.events.writer import EventWriter
from agentjob_runtime.session.messages import Message
from agentjob_runtime.session.store import load

from agentruns.run import QUICK, AgentJobFiles, read_events


@dataclass
class EngineRun:
    """An engine that has ended."""

    files: AgentJobFiles
    outcome: Outcome
    engine: BuiltinEngine

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Of one type, or all."""
        return read_events(self.files.paths.events, kind)

    def messages(self) -> list[Message]:
        """The conversation as it was stored."""
        return load(self.files.paths.session)[0].messages


def _run(files: AgentJobFiles, stop: Stop) -> EngineRun:
    paths = files.paths
    stdout = os.open("/dev/null", os.O_WRONLY)
    events = EventWriter(paths.events, stdout)
    job = Job(read_job_config(paths.config), read_task(paths.task), paths, stop, events)
    settings = EngineSettings.model_validate({**QUICK, "base_url": files.endpoint, **files.settings})
    engine = BuiltinEngine(job, settings)
    try:
        outcome = engine.run()
    finally:
        events.close()
        os.close(stdout)
    return EngineRun(files, outcome, engine)


async def run_engine(root: Path, endpoint: str, task: str, **options: Any) -> EngineRun:
    """Lays the files of `AgentJobFiles` (`options` are its fields) and runs the engine to its end."""
    files = AgentJobFiles(root, endpoint, task, **options)
    files.write()
    stop = Stop()
    stop.start_clock(files.timeout_seconds)
    return await asyncio.to_thread(_run, files, stop)
