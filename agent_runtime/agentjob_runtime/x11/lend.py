"""Gives letters that the keyboard does not have a key, at the X server."""

import asyncio
from pathlib import Path

from agentjob_runtime.x11 import keyboard, messages
from agentjob_runtime.x11.connection import Connection, connect
from agentjob_runtime.x11.messages import X11Error


async def lend_keys(socket: Path, authority: Path, text: str, seconds: float) -> int:
    """How many letters of `text`, from its start, have keys now; at least one.

    Raises `X11Error`, `CookieError`, `OSError`, `EOFError`, or `TimeoutError` when the server does not answer in time."""
    async with asyncio.timeout(seconds), connect(socket, authority) as connection:
        loan = keyboard.lend(await _keys(connection), text)
        if not loan.ready:
            raise X11Error("the keyboard has no key left for letters that it does not have")
        for code, symbol in loan.keys.items():
            connection.send(messages.change_keyboard_mapping(code, symbol))
        if loan.keys:
            # Its answer comes after the changes were made.
            found = await _keys(connection)
            if any(found[code][0] != symbol for code, symbol in loan.keys.items()):
                raise X11Error("the X server does not lend keys to letters that the keyboard does not have")
        return loan.ready


async def _keys(connection: Connection) -> dict[int, tuple[int, ...]]:
    codes = connection.screen.keycodes
    reply = await connection.request(messages.get_keyboard_mapping(codes))
    return dict(zip(codes, messages.keysyms_of(reply), strict=True))
