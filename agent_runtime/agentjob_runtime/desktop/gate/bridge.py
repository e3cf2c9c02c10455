"""Carries one person's VNC session between a WebSocket and the X server's Unix socket."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType, web

_CHUNK: Final = 64 * 1024
_MAX_MESSAGE: Final = 4 * 1024 * 1024
"""What a browser sends: keys, mouse moves, and now and then a clipboard."""
_HEARTBEAT_SECONDS: Final = 30.0
_PROTOCOL: Final = "binary"


async def bridge(request: web.Request, socket: Path) -> web.WebSocketResponse:
    """Runs until either side ends. Raises `web.HTTPServiceUnavailable` while the X server is not there."""
    try:
        reader, writer = await asyncio.open_unix_connection(os.fspath(socket))
    except OSError as error:
        raise web.HTTPServiceUnavailable(text="The desktop is starting.") from error
    browser = web.WebSocketResponse(
        protocols=(_PROTOCOL,), heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_MAX_MESSAGE, compress=False
    )
    try:
        await browser.prepare(request)
        await _until_either_ends(_to_browser(reader, browser), _to_server(browser, writer))
    finally:
        writer.close()
        await browser.close()
    return browser


async def _until_either_ends(*directions: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, ConnectionError):  # a closed laptop, an X server that ended
            raise error


async def _to_browser(reader: asyncio.StreamReader, browser: web.WebSocketResponse) -> None:
    while data := await reader.read(_CHUNK):
        await browser.send_bytes(data)


async def _to_server(browser: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    async for message in browser:
        if message.type is not WSMsgType.BINARY:
            return
        writer.write(message.data)
        await writer.drain()
