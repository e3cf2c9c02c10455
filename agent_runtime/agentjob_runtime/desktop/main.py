"""Starts the desktop and its gate, and ends both at once on SIGTERM."""

import asyncio
import ctypes
import logging
from typing import Final

from agentjob_api.pod import ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.serving import serve_app, stop_on_signals
from agentjob_runtime.desktop.gate.app import Gate, GateFiles
from agentjob_runtime.desktop.session import SessionError, run_sessions
from agentjob_runtime.desktop.settings import DEFAULT, Settings

LOG: Final = logging.getLogger(__name__)
ALL_INTERFACES: Final = "0.0.0.0"  # noqa: S104 - people come from outside the pod; the gate asks for the token
_PR_SET_DUMPABLE: Final = 4
_FAILED: Final = 1


def keep_memory_private() -> None:
    """The key of the sessions is in this process's memory: other processes of this user may not read it (prctl(2)).

    Raises `OSError`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop`. Raises `SessionError`, and `OSError` when the port is taken."""
    files = GateFiles(settings.files / "novnc", settings.token_hash, settings.vnc_socket, settings.config.base_url)
    sessions = asyncio.create_task(run_sessions(settings))
    sessions.add_done_callback(lambda _task: stop.set())
    try:
        await serve_app(Gate(files).app(), ALL_INTERFACES, settings.port, stop, ready=lambda: _tell(settings))
        if sessions.done():
            await sessions  # raises
    finally:
        sessions.cancel()
        await asyncio.wait([sessions])


def _tell(settings: Settings) -> None:
    jsonlog.event(LOG, logging.INFO, "gate open", port=settings.port, resolution=settings.config.resolution)


async def run_until_signal(settings: Settings) -> None:
    """`run`, until SIGTERM or SIGINT."""
    await run(settings, stop_on_signals())


def main() -> int:
    """The container's entry point."""
    jsonlog.configure()
    try:
        settings = Settings(read_job_config(Paths.from_env().config).desktop or DEFAULT)
        keep_memory_private()
        asyncio.run(run_until_signal(settings))
    except ConfigError as error:
        jsonlog.event(LOG, logging.ERROR, str(error))
        return ExitCode.CONFIG
    except (SessionError, OSError) as error:
        jsonlog.event(LOG, logging.ERROR, f"the desktop cannot run: {error}")
        return _FAILED
    return ExitCode.SUCCESS
