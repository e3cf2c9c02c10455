"""The agent waits for the services that its job asked for: what it builds may look for them at once."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from agentjob_api.reasons import Reason

from agentjob_runtime.agent.log import log
from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.services.probe import problem_of

WAIT_SECONDS: Final = 120.0
"""PostgreSQL makes its files in 2 s; on a busy node it took 10 times that."""
LOG_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.1


def wait_for_services(
    questions: Mapping[str, Callable[[], None]], stop: Stop, wait_seconds: float = WAIT_SECONDS
) -> None:
    """Returns once every service answers. Raises `RunEnded`: one did not in time, or the pod is told to stop."""
    started = said = time.monotonic()
    waiting = dict(questions)
    while waiting:
        problems = {name: problem for name, ask in waiting.items() if (problem := problem_of(ask))}
        waiting = {name: waiting[name] for name in problems}
        now = time.monotonic()
        if waiting and now - started >= wait_seconds:
            raise RunEnded.crash(Reason.AGENT_CRASHED, _sentence(problems, wait_seconds))
        if waiting and now - said >= LOG_SECONDS:
            said = now
            log(_sentence(problems, now - started))
        if waiting:
            stop.wait(PAUSE_SECONDS)


def _sentence(problems: Mapping[str, str], seconds: float) -> str:
    said = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
    return f"Services do not answer after {seconds:.0f} s: {said}."
