"""Runs an aiohttp application until it is told to stop, and then ends at once: sidecars have no time to drain."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final

from agentjob_runtime.common.lean_aiohttp import web

_DRAIN_SECONDS: Final = 0.1
"""aiohttp takes 0 for ever."""


async def _nothing() -> None:
    """The default of `before_end`."""


async def serve_app(
    app: web.Application,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None],
    before_end: Callable[[], Awaitable[None]] = _nothing,
) -> None:
    """Serves until `stop` is set, then awaits `before_end` and closes every connection. Raises `OSError` on a taken port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_DRAIN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        ready()
        await stop.wait()
        await before_end()
    finally:
        await runner.cleanup()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. To be called in the running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
