"""Waits for the agent: until it has started, and until it is dead, whatever it died of."""

import fcntl
import logging
import os
import threading
import time
from dataclasses import dataclass
from typing import Final, Self

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.stop import AGENT_SECONDS, Stop

_log = logging.getLogger(__name__)
_POLL: Final = 0.05


class GateError(Exception):
    """`prepare` did not leave the files that the contract names: a bug."""


@dataclass(frozen=True)
class Gate:
    """The files that were opened before the agent ran anything: deleting or replacing them misleads nobody."""

    lock: int
    events: int

    @classmethod
    def open(cls, paths: Paths) -> Self:
        """Opens both and says so in `COURIER_READY`. Raises `GateError`."""
        flags = os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            gate = cls(os.open(paths.lock, os.O_RDWR | flags), os.open(paths.events, os.O_RDONLY | flags))
            os.close(os.open(paths.courier_ready, os.O_WRONLY | os.O_CREAT | flags, 0o644))
        except OSError as error:
            raise GateError(f"{error.filename}: {error.strerror}") from error
        return gate


def wait_for_start(paths: Paths, stop: Stop) -> bool:
    """Blocks until the agent holds the lock; False when the pod is told to stop before that. There is no other deadline:
    an agent that cannot start is the operator's business."""
    while not os.path.lexists(paths.started):
        if stop.requested:
            return False
        time.sleep(_POLL)
    return True


def wait_for_death(gate: Gate, stop: Stop, seconds: float) -> bool:
    """Blocks until the kernel lets go of the agent's lock. False when it still lives after `seconds`, or `AGENT_SECONDS` after SIGTERM."""
    end = time.monotonic() + seconds
    dead = threading.Event()
    # A daemon: a process that cannot get the lock must still be able to exit.
    threading.Thread(target=_take, args=(gate.lock, dead), name="lock", daemon=True).start()
    while not dead.wait(0.2):
        if stop.remaining(AGENT_SECONDS) <= 0:
            _log.warning("the agent still lives %.0f s after SIGTERM; archiving beside it", AGENT_SECONDS)
            return False
        if time.monotonic() >= end:
            _log.warning("the agent still lives after %.0f s; archiving beside it", seconds)
            return False
    return True


def _take(lock: int, dead: threading.Event) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        _log.error("flock failed (%s); taking the agent for dead", error.strerror)
    dead.set()
