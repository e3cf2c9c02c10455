"""Chooses the engine that the job names."""

from agentjob_runtime.engines.base import Engine, Job


def create_engine(job: Job) -> Engine:
    """The engine of `job.config.engine`, imported only when it is wanted."""
    match job.config.engine:
        case "Builtin":
            from agentjob_runtime.engines.builtin.engine import BuiltinEngine

            return BuiltinEngine(job)
