"""Formats of the X protocol, and a server of a few lines that speaks them."""

import asyncio
import struct
import zlib
from pathlib import Path

import pytest
from agentjob_runtime.x11 import cookie, png
from agentjob_runtime.x11.connection import connect
from agentjob_runtime.x11.messages import X11Error
from agentjob_runtime.x11.screenshot import take

COOKIE = bytes(range(16))
ROOT = 0x123


def test_the_cookie_file_is_that_of_xauth() -> None:
    """Bytes as `xauth -f FILE add :1 . KEY` lays them out, for any host."""
    data = cookie.encode(1, COOKIE)
    assert data == b"\xff\xff\x00\x00\x00\x011\x00\x12MIT-MAGIC-COOKIE-1\x00\x10" + COOKIE
    assert cookie.decode(data) == COOKIE


@pytest.mark.parametrize("data", [b"", b"\xff", cookie.encode(1, COOKIE)[:-1], cookie.encode(1, b"short"), b"\0" * 40])
def test_a_broken_cookie_file_is_refused(data: bytes) -> None:
    """The file may be read while nothing is in it yet."""
    with pytest.raises(cookie.CookieError):
        cookie.decode(data)


def test_a_picture_is_a_png_of_its_pixels() -> None:
    """Blue, green, red, unused becomes red, green, blue."""
    picture = png.encode(2, 1, bytes([3, 2, 1, 0, 30, 20, 10, 0]))
    start = picture.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", picture[start - 8 : start - 4])
    assert struct.unpack(">II", picture[16:24]) == (2, 1)
    assert zlib.decompress(picture[start : start + length]) == bytes([0, 1, 2, 3, 10, 20, 30])


def test_pixels_that_do_not_fit_the_size_are_refused() -> None:
    """A screen of another depth must not become a wrong picture."""
    with pytest.raises(ValueError, match="no picture of 2x2"):
        png.encode(2, 2, b"1234")


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Checks the cookie, and shows a screen of 2x1 pixels."""
    head = await reader.readexactly(12)
    name, data = struct.unpack_from("<HH", head, 6)
    name_and_data = await reader.readexactly(name + -name % 4 + data + -data % 4)
    if not name_and_data.endswith(COOKIE):
        writer.write(struct.pack("<BBHHH", 0, 4, 11, 0, 1) + b"No! ")
        writer.close()
        return
    screen = struct.pack("<IIIIIHHHHHHIBBBB", ROOT, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0)
    body = (
        struct.pack("<IIIIHHBBBBBBBBxxxx", 0, 0, 0, 0, 4, 0, 1, 1, 0, 0, 32, 32, 8, 255) + b"Test" + b"\0" * 8 + screen
    )
    writer.write(struct.pack("<BBHHH", 1, 0, 11, 0, len(body) // 4) + body)
    await reader.readexactly(8)
    event = b"\x0c" + b"\0" * 31  # comes between request and reply, and is none
    writer.write(event + struct.pack("<BBHIIhhHHH10x", 1, 24, 1, 0, ROOT, 0, 0, 2, 1, 0))
    await reader.readexactly(20)
    writer.write(struct.pack("<BBHII20x", 1, 24, 2, 2, 0) + bytes([3, 2, 1, 0, 30, 20, 10, 0]))
    writer.close()


async def test_a_screenshot_through_the_socket(tmp_path: Path) -> None:
    """Login with the cookie, size, pixels."""
    server = await asyncio.start_unix_server(_serve, tmp_path / "X1")
    (tmp_path / "auth").write_bytes(cookie.encode(1, COOKIE))
    shot = await take(tmp_path / "X1", tmp_path / "auth", 5)
    server.close()
    assert (shot.width, shot.height, shot.png[:4]) == (2, 1, b"\x89PNG")


async def test_the_server_s_refusal_is_told(tmp_path: Path) -> None:
    """With the wrong cookie."""
    server = await asyncio.start_unix_server(_serve, tmp_path / "X1")
    (tmp_path / "auth").write_bytes(cookie.encode(1, b"x" * 16))
    with pytest.raises(X11Error, match="No!"):
        async with connect(tmp_path / "X1", tmp_path / "auth"):
            pass
    server.close()
