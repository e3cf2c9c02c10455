"""One life of the X server with everything that runs on it."""

import asyncio
import contextlib
import logging
import os
import time
from typing import Final

from agentjob_runtime.common import jsonlog
from agentjob_runtime.desktop.arrange import Arrangement
from agentjob_runtime.desktop.backoff import Backoff
from agentjob_runtime.desktop.programs import programs
from agentjob_runtime.desktop.settings import Settings
from agentjob_runtime.desktop.supervise import end, start, supervise
from agentjob_runtime.desktop.xserver import command, prepare
from agentjob_runtime.x11.connection import Connection, connect
from agentjob_runtime.x11.cookie import CookieError
from agentjob_runtime.x11.messages import X11Error

LOG: Final = logging.getLogger(__name__)
START_SECONDS: Final = 60.0
"""On a node that is busy with other things it takes long."""
_POLL_SECONDS: Final = 0.02
_SETTLE_SECONDS: Final = 0.3
"""While a browser's window is dragged, its size changes many times."""


class SessionError(Exception):
    """The X server did not start, or ended."""


async def run_sessions(settings: Settings) -> None:
    """One session after the other, until cancelled. Raises `SessionError` when they end too often."""
    backoff = Backoff()
    while True:
        started = time.monotonic()
        try:
            await run_session(settings)
        except (SessionError, OSError) as error:
            pause = backoff.after(time.monotonic() - started)
            if pause is None:
                raise SessionError(f"the X server ended too often: {error}") from error
            jsonlog.event(LOG, logging.WARNING, f"{error}: starting the desktop again", afterSeconds=pause)
            await asyncio.sleep(pause)


async def run_session(settings: Settings) -> None:
    """The X server and its programs until it ends: raises `SessionError`, or `OSError` when it cannot start."""
    prepare(settings)
    environment = settings.environment(os.environ)
    server = await start(command(settings), settings.workspace, environment, quiet=False)
    try:
        screen = asyncio.create_task(_use_screen(settings, environment))
        ended = asyncio.create_task(server.wait())
        done, pending = await asyncio.wait((screen, ended), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.wait((screen, ended))
        if screen in done:
            await screen  # raises
        raise SessionError(f"the X server ended (exit code {server.returncode})")
    finally:
        end(server)


async def _use_screen(settings: Settings, environment: dict[str, str]) -> None:
    """Runs the programs and keeps wallpaper and windows fitting. Ends only by an error or cancellation."""
    async with contextlib.AsyncExitStack() as stack:
        connection = await _wait_for_server(settings, stack)
        screen = connection.screen
        await _set_wallpaper(settings, environment)
        jsonlog.event(LOG, logging.INFO, "desktop started", width=screen.width, height=screen.height)
        running = [
            asyncio.create_task(supervise(program, settings.workspace, environment))
            for program in programs(settings.files, screen.width, screen.height)
        ]
        try:
            arrangement = Arrangement(screen.width, screen.height, settings.workspace, environment)
            await _keep_fitting(connection, arrangement, settings, environment)
        except (X11Error, OSError, EOFError) as error:
            raise SessionError(f"the X server is gone ({error})") from error
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)


async def _wait_for_server(settings: Settings, stack: contextlib.AsyncExitStack) -> Connection:
    """A connection with the cookie, as soon as the server takes one. Raises `SessionError`."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return await stack.enter_async_context(connect(settings.x_socket, settings.authority))
        except (X11Error, CookieError, OSError, EOFError) as error:
            if time.monotonic() >= until:
                raise SessionError(f"the X server does not answer: {error}") from error
        await asyncio.sleep(_POLL_SECONDS)


async def _keep_fitting(
    connection: Connection, arrangement: Arrangement, settings: Settings, environment: dict[str, str]
) -> None:
    async def fit(size: tuple[int, int]) -> None:
        await asyncio.sleep(_SETTLE_SECONDS)
        await _set_wallpaper(settings, environment)
        try:
            await arrangement.fit(*size)
        except (OSError, TimeoutError) as error:
            jsonlog.event(LOG, logging.WARNING, f"cannot lay the windows out again: {error or 'xdotool hangs'}")

    pending: asyncio.Task[None] | None = None
    try:
        async for size in connection.sizes():
            if pending:
                pending.cancel()
            pending = asyncio.create_task(fit(size))
    finally:
        if pending:
            pending.cancel()


async def _set_wallpaper(settings: Settings, environment: dict[str, str]) -> None:
    """A desktop without wallpaper is still one: failures are logged."""
    argv = ["hsetroot", "-cover", str(settings.files / "wallpaper.svg")]
    try:
        process = await start(argv, settings.workspace, environment, quiet=True)
        code = await process.wait()
    except OSError as error:
        jsonlog.event(LOG, logging.WARNING, f"cannot set the wallpaper: {error}")
        return
    if code:
        jsonlog.event(LOG, logging.WARNING, "cannot set the wallpaper", exitCode=code)
