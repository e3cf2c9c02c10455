"""The interface of engines, and what each is given."""

from dataclasses import dataclass
from typing import Protocol

from agentjob_api.job_config import JobConfig

from agentjob_runtime.common.outcome import Outcome
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.events.writer import EventWriter


@dataclass(frozen=True)
class Job:
    """What an engine works on."""

    config: JobConfig
    task: str
    paths: Paths
    stop: Stop
    events: EventWriter


class Engine(Protocol):
    """Does the task."""

    session_id: str
    """Of the conversation; known from the start."""
    steps: int
    """How many steps were made so far."""

    def run(self) -> Outcome:
        """Works until the run ends, with or without a verdict."""
