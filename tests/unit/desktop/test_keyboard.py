"""Which keys are lent to letters that the keyboard does not have, and how the X server is told."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from agentjob_runtime.x11 import cookie, messages
from agentjob_runtime.x11.keyboard import keysym_of, lend
from agentjob_runtime.x11.lend import lend_keys
from agentjob_runtime.x11.messages import X11Error

COOKIE = bytes(range(16))
A, RETURN, UE, SS, HAN = (0x61, 0x41), (0xFF0D,), 0xFC, 0xDF, 0x01004F60
NONE = (0, 0)
FIRST = 8


@pytest.mark.parametrize(("letter", "keysym"), [("a", 0x61), ("ü", UE), ("Ł", 0x01000141), ("😀", 0x0101F600)])
def test_letters_have_the_keysyms_of_the_protocol(letter: str, keysym: int) -> None:
    """Appendix A: Latin-1 as it is, all others by their code point."""
    assert keysym_of(letter) == keysym


def test_only_what_the_keyboard_lacks_is_lent_a_key_and_once() -> None:
    """A key that has a symbol of its own is never taken."""
    loan = lend({8: A, 9: RETURN, 10: NONE, 11: NONE}, "aüaüß\n")
    assert loan.keys == {10: UE, 11: SS}
    assert loan.ready == 6


def test_a_key_that_was_lent_already_is_left_as_it_is() -> None:
    """A program that is behind still reads it."""
    loan = lend({8: A, 9: (UE, UE), 10: NONE}, "üß")
    assert loan.keys == {10: SS}


def test_a_text_with_more_letters_than_keys_is_typed_in_parts() -> None:
    """Keys that were lent for the part before are lent anew; those that are needed again are not."""
    keyboard = {8: A, 9: NONE, 10: NONE}
    first = lend(keyboard, "üßü你ü")
    assert (first.keys, first.ready) == ({9: UE, 10: SS}, 3)
    second = lend(keyboard | {code: (symbol, symbol) for code, symbol in first.keys.items()}, "你ü")
    assert (second.keys, second.ready) == ({10: HAN}, 2)


def test_without_a_key_nothing_is_ready() -> None:
    """ASCII needs none."""
    assert lend({8: A}, "ü").ready == 0
    assert lend({8: A}, "aü").ready == 1


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _handler(refuses: bool) -> Handler:
    """An X server with four keys, which keeps what it is told."""
    rows = [list(A), [*RETURN, 0], [0, 0], [0, 0]]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(48)
        screen = struct.pack("<IIIIIHHHHHHIBBBB", 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0)
        body = struct.pack("<IIIIHHBBBBBBBBxxxx", 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 32, 32, FIRST, FIRST + 3) + screen
        writer.write(struct.pack("<BBHHH", 1, 0, 11, 0, len(body) // 4) + body)
        while head := await reader.read(4):
            opcode, count, units = struct.unpack("<BBH", head)
            rest = await reader.readexactly(units * 4 - 4)
            if opcode == 100 and not refuses:
                assert (count, rest[1]) == (1, 2)
                rows[rest[0] - FIRST] = list(struct.unpack("<II", rest[4:]))
            if opcode == 101:
                assert (rest[0], rest[1]) == (FIRST, 4)
                data = b"".join(struct.pack("<II", *row) for row in rows)
                writer.write(struct.pack("<BBHI24x", 1, 2, 1, len(data) // 4) + data)

    return serve


@pytest.mark.parametrize("refuses", [False, True])
async def test_the_server_is_told_and_asked_whether_it_did_it(tmp_path: Path, refuses: bool) -> None:
    """A letter that was typed although its key is not lent would be lost in silence."""
    server = await asyncio.start_unix_server(_handler(refuses), tmp_path / "X1")
    (tmp_path / "auth").write_bytes(cookie.encode(1, COOKIE))
    if refuses:
        with pytest.raises(X11Error, match="does not lend"):
            await lend_keys(tmp_path / "X1", tmp_path / "auth", "grüß 你", 5)
    else:
        assert await lend_keys(tmp_path / "X1", tmp_path / "auth", "grüß 你", 5) == 5
        assert await lend_keys(tmp_path / "X1", tmp_path / "auth", "你", 5) == 1
    server.close()


def test_rows_of_the_keyboard_are_read_by_their_width() -> None:
    """The server says how many keysyms a key has."""
    reply = struct.pack("<BBHI24x", 1, 3, 1, 6) + struct.pack("<6I", 1, 2, 3, 4, 5, 6)
    assert messages.keysyms_of(reply) == [(1, 2, 3), (4, 5, 6)]
