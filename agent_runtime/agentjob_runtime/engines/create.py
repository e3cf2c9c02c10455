"""Chooses the engine that the job names."""

import os

from agentjob_runtime.engines.base import Engine, Job


def create_engine(job: Job) -> Engine:
    """The engine of `job.config.engine`, imported only when it is wanted. Raises `ConfigError`, `SessionCorruptError`."""
    match job.config.engine:
        case "Builtin":
            from agentjob_runtime.engines.builtin.engine import BuiltinEngine
            from agentjob_runtime.engines.builtin.settings import EngineSettings

            return BuiltinEngine(job, EngineSettings.from_env(os.environ))
