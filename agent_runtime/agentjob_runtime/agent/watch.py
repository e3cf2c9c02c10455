"""Two threads beside the loop: one measures the workspace, one makes sure that an end that was asked for comes."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Final

from agentjob_api.reasons import Reason

from agentjob_runtime.agent.disk_usage import disk_usage
from agentjob_runtime.agent.log import log
from agentjob_runtime.common.outcome import Outcome, RunEnded
from agentjob_runtime.common.process_tree import descendants, send
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.common.text import mebibytes

FULL_SHARE: Final = 0.9
"""Beyond this share the kubelet might evict the pod before the archive is made."""
MEASURE_SECONDS: Final = 2.0
BACKOFF: Final = 10
"""A walk may take a tenth of the time at most."""
PATIENCE_SECONDS: Final = {Reason.TIMEOUT: 15.0, Reason.AGENT_KILLED: 10.0, Reason.WORKSPACE_FULL: 10.0}
"""How long the loop may take to end after it had to, by why it had to."""
TICK_SECONDS: Final = 0.25


def full_workspace(used: int, limit: int) -> Outcome:
    """The end of a run whose workspace holds `used` of `limit` bytes."""
    message = f"The workspace holds {mebibytes(used)} of {mebibytes(limit)} (workspace.size)."
    return RunEnded.limit(Reason.WORKSPACE_FULL, message).outcome


def watch_workspace(workspace: Path, limit: int, stop: Stop, interval: float = MEASURE_SECONDS) -> None:
    """Ends the run, and everything that the agent started, when the workspace is nearly full. Runs until the run ends."""
    pause = interval
    while stop.outcome is None:
        time.sleep(pause)
        started = time.monotonic()
        used = disk_usage(workspace)
        pause = max(interval, BACKOFF * (time.monotonic() - started))
        if used > limit * FULL_SHARE:
            outcome = full_workspace(used, limit)
            log(outcome.message)
            stop.request(outcome)
            send(descendants(os.getpid()), SIGKILL)


def watch_end(
    stop: Stop,
    ended: threading.Event,
    last_resort: Callable[[Outcome], None],
    patience: Mapping[Reason, float] = PATIENCE_SECONDS,
) -> None:
    """Calls `last_resort` when the loop does not end in time after it had to. Runs until the run ends."""
    since: float | None = None
    while not ended.wait(TICK_SECONDS):
        outcome = stop.outcome
        if outcome is None:
            continue
        since = since or time.monotonic()
        if time.monotonic() - since > patience[outcome.reason]:
            log(f"the loop did not end in time: {outcome.message}")
            last_resort(outcome)
            return


def start_watchers(
    workspace: Path, limit: int, stop: Stop, ended: threading.Event, last_resort: Callable[[Outcome], None]
) -> None:
    """Starts both; they end with the process."""
    threads = (
        threading.Thread(target=watch_workspace, args=(workspace, limit, stop), name="workspace", daemon=True),
        threading.Thread(target=watch_end, args=(stop, ended, last_resort), name="end", daemon=True),
    )
    for thread in threads:
        thread.start()
