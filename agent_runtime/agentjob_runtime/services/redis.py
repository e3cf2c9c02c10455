"""The container `redis`: serves on the pod's 127.0.0.1 until SIGTERM. Nothing is written to disk: a restart starts empty."""

import logging
import os
from pathlib import Path
from typing import Final

from agentjob_api.pod import REDIS_DIR, REDIS_PORT

from agentjob_runtime.common import jsonlog
from agentjob_runtime.services.memory import memory_limit

LOG: Final = logging.getLogger(__name__)
PROGRAM: Final = "/usr/bin/redis-server"
DATA_SHARE: Final = 0.75
"""Of the container's memory; the rest is for buffers and fragmentation. A full Redis refuses writes, an OOM kill would lose all."""
DEFAULT_BYTES: Final = 192 * 1024**2
"""Where the container has no limit."""
_FAILED: Final = 1


def server_command(limit: int | None, folder: Path) -> list[str]:
    """The server in the foreground, for a container with `limit` bytes of memory (None: unlimited)."""
    data = int(limit * DATA_SHARE) if limit else DEFAULT_BYTES
    settings = {
        "bind": "127.0.0.1",
        "port": str(REDIS_PORT),
        "protected-mode": "yes",
        "daemonize": "no",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": str(data),
        "maxmemory-policy": "noeviction",
    }
    return [PROGRAM, *(word for name, value in settings.items() for word in (f"--{name}", value))]


def main() -> int:
    """The container's entry point: becomes Redis, which ends at once on SIGTERM. Returns only when it cannot be started."""
    jsonlog.configure()
    command = server_command(memory_limit(), Path(REDIS_DIR))
    try:
        os.execv(command[0], command)  # noqa: S606 - our own program and words
    except OSError as error:
        jsonlog.event(LOG, logging.ERROR, f"Redis cannot run: {error}")
    return _FAILED
