"""A connection to the X server through its Unix socket, with the MIT cookie."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from agentjob_runtime.common.files import read_regular
from agentjob_runtime.x11 import messages
from agentjob_runtime.x11.cookie import decode
from agentjob_runtime.x11.messages import Screen, X11Error

_MAX_IMAGE: Final = 256 * 1024 * 1024
_MAX_COOKIE_FILE: Final = 4096


class Connection:
    """An open connection: one request at a time, in one task."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, screen: Screen) -> None:
        self._reader = reader
        self._writer = writer
        self.screen = screen

    def send(self, data: bytes) -> None:
        """A request that has no reply; an error of it is raised by the next `request`."""
        self._writer.write(data)

    async def request(self, data: bytes) -> bytes:
        """Sends a request that has a reply; returns the reply. Raises `X11Error`, `OSError` or `EOFError`."""
        self.send(data)
        await self._writer.drain()
        while True:
            reply = await self._reader.readexactly(messages.REPLY_BYTES)
            extra = messages.extra_bytes(reply)
            if extra > _MAX_IMAGE:
                raise X11Error(f"the X server answers with {extra} bytes")
            if reply[0] == messages.REPLY:
                return reply + await self._reader.readexactly(extra)

    async def sizes(self) -> AsyncIterator[tuple[int, int]]:
        """The screen's new size at each change. Raises as `request`."""
        self.send(messages.watch_structure(self.screen.root))
        await self._writer.drain()
        while True:
            event = await self._reader.readexactly(messages.REPLY_BYTES)
            messages.extra_bytes(event)
            if event[0] & 0x7F == messages.CONFIGURE_NOTIFY:
                yield messages.configured_size(event)


@asynccontextmanager
async def connect(socket: Path, authority: Path) -> AsyncIterator[Connection]:
    """Connects and logs in. Raises `X11Error`, `CookieError`, `OSError` or `EOFError` (asyncio.IncompleteReadError)."""
    cookie = decode(read_regular(authority, _MAX_COOKIE_FILE))
    reader, writer = await asyncio.open_unix_connection(os.fspath(socket))
    try:
        writer.write(messages.setup(cookie))
        accepted, length = messages.setup_length(await reader.readexactly(messages.PREFIX_BYTES))
        body = await reader.readexactly(length)
        if not accepted:
            raise X11Error(f"the X server refused the connection: {body.decode('utf-8', 'replace').strip(chr(0))}")
        yield Connection(reader, writer, messages.screen_of(body))
    finally:
        writer.close()
