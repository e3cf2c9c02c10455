"""The container `postgres`: makes the database at its first start, then serves it on the pod's 127.0.0.1 until SIGTERM.

Nothing here outlives the pod, and a server that dies leaves what it wrote in the page cache: so no fsync. What was committed was
written before, and is there after a restart.
"""

import logging
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import FrameType
from typing import Final

from agentjob_api.pod import POSTGRES_DATABASE, POSTGRES_DIR, POSTGRES_PORT, POSTGRES_USER

from agentjob_runtime.common import jsonlog

LOG: Final = logging.getLogger(__name__)
PROGRAMS: Final = Path("/usr/lib/postgresql/17/bin")
_FAILED: Final = 1
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "port": str(POSTGRES_PORT),
    # No other container could see a socket file.
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # /dev/shm has 64 MB
    "max_connections": "100",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
}


def initdb_command(folder: Path) -> list[str]:
    """Makes a cluster in `folder`: everybody in the pod may log in, the agent's user owns it all."""
    return [
        str(PROGRAMS / "initdb"),
        f"--pgdata={folder}",
        f"--username={POSTGRES_USER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]


def server_command(folder: Path) -> list[str]:
    """The server in the foreground; it logs on stderr."""
    options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return [str(PROGRAMS / "postgres"), "-D", str(folder), *options]


def ensure_database(folder: Path) -> None:
    """Makes the cluster and the agent's database, unless they are there. Raises `OSError` or `CalledProcessError`."""
    # A container that starts is alone with its volume: the file names a process of the one before, and would refuse the start.
    (folder / "postmaster.pid").unlink(missing_ok=True)
    if folder.is_dir():
        return
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    subprocess.run(initdb_command(unfinished), check=True, stdin=subprocess.DEVNULL)
    single = [str(PROGRAMS / "postgres"), "--single", "-D", str(unfinished), "-c", "fsync=off", "postgres"]
    create = f'CREATE DATABASE "{POSTGRES_DATABASE}"\n'
    subprocess.run(single, check=True, input=create.encode(), stdout=subprocess.DEVNULL)
    unfinished.rename(folder)


def serve(command: list[str]) -> int:
    """Runs the server; its exit code. SIGTERM would have it wait for its clients, SIGQUIT ends it at once."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end(_number: int, _frame: FrameType | None) -> None:
        server.send_signal(signal.SIGQUIT)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return server.wait()


def main() -> int:
    """The container's entry point; the kubelet starts it again when it fails."""
    jsonlog.configure()
    folder = Path(POSTGRES_DIR, "data")
    try:
        ensure_database(folder)
        code = serve(server_command(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        jsonlog.event(LOG, logging.ERROR, f"PostgreSQL cannot run: {error}")
        return _FAILED
    return os.EX_OK if code == 0 else _FAILED
