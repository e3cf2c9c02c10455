"""Threads beside the loop: one for each volume measures it, one makes sure that an end that was asked for comes."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Final

from agentjob_api.job_config import JobConfig
from agentjob_api.pod import RUN_DIR
from agentjob_api.reasons import Reason

from agentjob_runtime.agent.disk_usage import available, disk_usage
from agentjob_runtime.agent.log import log
from agentjob_runtime.common.outcome import Outcome, RunEnded
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.process_tree import descendants, send
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.common.text import mebibytes

FULL_SHARE: Final = 0.9
"""Beyond this share the kubelet might evict the pod before the archive is made."""
MEASURE_SECONDS: Final = 2.0
"""Between two walks of the workspace."""
OTHERS_SECONDS: Final = 10.0
"""Between two walks of another volume: the kubelet itself looks every ten seconds."""
BACKOFF: Final = 10
"""A walk may take a tenth of the time at most."""
PATIENCE_SECONDS: Final = {Reason.TIMEOUT: 15.0, Reason.AGENT_KILLED: 10.0, Reason.WORKSPACE_FULL: 10.0}
"""How long the loop may take to end after it had to, by why it had to."""
TICK_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Volume:
    """A volume whose overflow would have the kubelet evict the pod, at once and without an archive."""

    folder: Path
    limit: int
    """Bytes."""
    name: str
    """For the user: what it is."""
    setting: str
    """What limits it."""
    interval: float = OTHERS_SECONDS
    free: Callable[[Path], int] | None = None
    """Where its file system may be its own: what that would still take, bytes. A volume of 5 GiB holds less than 5 GiB of files."""

    def room(self, used: int) -> int:
        """Bytes that it can hold, of which `used` are taken: its limit, or less where its file system has less."""
        return self.limit if self.free is None else min(self.limit, used + self.free(self.folder))

    def full(self, used: int, room: int) -> Outcome:
        """The end of a run in which it holds `used` bytes of `room`."""
        by = self.setting if room == self.limit else f"{self.setting} is more than its file system has"
        message = f"The {self.name} holds {mebibytes(used)} of {mebibytes(room)} ({by})."
        return RunEnded.limit(Reason.WORKSPACE_FULL, message).outcome


def volumes_of(config: JobConfig, paths: Paths) -> tuple[Volume, ...]:
    """The workspace first, then the others that have a limit."""
    others = (
        (paths.home, config.home_bytes, "home folder", "job.agentHomeSize of the installation"),
        (paths.tmp, config.tmp_bytes, "folder /tmp", "job.agentTmpSize of the installation"),
        (paths.run_dir, config.run_bytes, f"folder {RUN_DIR}", "fixed"),
    )
    workspace = Volume(
        paths.workspace, config.workspace_bytes, "workspace", "workspace.size", MEASURE_SECONDS, available
    )
    return (workspace, *(Volume(folder, limit, name, by) for folder, limit, name, by in others if limit is not None))


def watch_volume(volume: Volume, stop: Stop) -> None:
    """Ends the run, and everything that the agent started, when the volume is nearly full. Runs until the run ends."""
    pause = volume.interval
    while stop.outcome is None:
        time.sleep(pause)
        started = time.monotonic()
        used = disk_usage(volume.folder)
        pause = max(volume.interval, BACKOFF * (time.monotonic() - started))
        room = volume.room(used)
        if used > room * FULL_SHARE:
            outcome = volume.full(used, room)
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
    volumes: Iterable[Volume], stop: Stop, ended: threading.Event, last_resort: Callable[[Outcome], None]
) -> None:
    """Starts all; they end with the process."""
    for volume in volumes:
        threading.Thread(target=watch_volume, args=(volume, stop), name=volume.name, daemon=True).start()
    threading.Thread(target=watch_end, args=(stop, ended, last_resort), name="end", daemon=True).start()
