"""Starts programs, and starts again what crashes, with growing pauses, a limit and a line in the log."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.process_tree import send_to_group
from agentjob_runtime.desktop.backoff import Backoff
from agentjob_runtime.desktop.programs import Program

LOG: Final = logging.getLogger(__name__)


async def start(argv: list[str], cwd: Path, environment: Mapping[str, str], quiet: bool) -> asyncio.subprocess.Process:
    """Starts `argv` in a session and process group of its own. Raises `OSError`."""
    output = asyncio.subprocess.DEVNULL if quiet else None
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Left to itself, asyncio would kill the first process and none of those that this has started meanwhile.
        with contextlib.suppress(OSError):
            end(await starting)
        raise


def end(process: asyncio.subprocess.Process) -> None:
    """Ends the process and its group at once."""
    if process.returncode is None:
        send_to_group(process.pid, signal.SIGKILL)


async def supervise(program: Program, cwd: Path, environment: Mapping[str, str]) -> None:
    """Keeps `program` running until it is closed on purpose or crashed too often; ends it when cancelled."""
    backoff = Backoff()
    while True:
        started = time.monotonic()
        code = await _run_once(program, cwd, environment)
        lived = time.monotonic() - started
        if code == os.EX_OK and not program.keep:
            jsonlog.event(LOG, logging.INFO, "closed", program=program.name)
            return
        pause = backoff.after(lived)
        if pause is None:
            jsonlog.event(LOG, logging.ERROR, "ended too often: given up", program=program.name, exitCode=code)
            return
        jsonlog.event(
            LOG, logging.WARNING, "ended: starting it again", program=program.name, exitCode=code, afterSeconds=pause
        )
        await asyncio.sleep(pause)


async def _run_once(program: Program, cwd: Path, environment: Mapping[str, str]) -> int:
    try:
        process = await start(list(program.argv), cwd, environment, quiet=True)
    except OSError as error:
        jsonlog.event(LOG, logging.ERROR, f"cannot start: {error}", program=program.name)
        return os.EX_OSERR
    try:
        return await process.wait()
    finally:
        end(process)
