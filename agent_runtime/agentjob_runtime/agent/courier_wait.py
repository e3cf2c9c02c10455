"""Waits for the courier to open the lock and the event file: only then can a hostile agent not mislead it."""

import time
from pathlib import Path
from typing import Final

from agentjob_api.reasons import Reason

from agentjob_runtime.agent.log import log
from agentjob_runtime.common.outcome import RunEnded
from agentjob_runtime.common.stop import Stop

WAIT_SECONDS: Final = 600.0
"""The kubelet starts containers one after the other, and may have to pull the courier's image first."""
LOG_SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 0.02


def wait_for_courier(ready: Path, stop: Stop, wait_seconds: float = WAIT_SECONDS) -> None:
    """Returns once `ready` exists. Raises `RunEnded`: the courier did not come, or the pod is told to stop."""
    started = said = time.monotonic()
    while not ready.exists():
        now = time.monotonic()
        if now - started >= wait_seconds:
            raise RunEnded.crash(Reason.AGENT_CRASHED, f"The courier was not ready after {wait_seconds:.0f} s.")
        if now - said >= LOG_SECONDS:
            said = now
            log(f"waiting for the courier since {now - started:.0f} s")
        stop.wait(PAUSE_SECONDS)
