"""The whole screen as a PNG."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from agentjob_runtime.x11 import messages, png
from agentjob_runtime.x11.connection import connect
from agentjob_runtime.x11.messages import X11Error


@dataclass(frozen=True)
class Screenshot:
    """A picture of the screen."""

    width: int
    height: int
    png: bytes


async def take(socket: Path, authority: Path, seconds: float) -> Screenshot:
    """Raises `X11Error`, `CookieError`, `OSError`, `EOFError`, or `TimeoutError` when the server does not answer in time."""
    async with asyncio.timeout(seconds), connect(socket, authority) as connection:
        root = connection.screen.root
        width, height = messages.geometry_of(await connection.request(messages.get_geometry(root)))
        image = await connection.request(messages.get_image(root, width, height))
    pixels = image[messages.REPLY_BYTES :]
    try:
        return Screenshot(width, height, png.encode(width, height, pixels))
    except ValueError as error:
        raise X11Error(f"the X server sent a picture of an unexpected format: {error}") from error
