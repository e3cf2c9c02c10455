"""Requests and replies as bytes, little-endian. Pure. Numbers are those of the protocol's encoding (appendix B)."""

import struct
from dataclasses import dataclass
from typing import Final

from agentjob_runtime.x11.cookie import NAME

PREFIX_BYTES: Final = 8
"""Of the answer to the setup: status, version, length of what follows in units of 4 bytes."""
REPLY_BYTES: Final = 32
"""Of every reply (before its extra data), event and error."""
ERROR: Final = 0
REPLY: Final = 1
CONFIGURE_NOTIFY: Final = 22
_STRUCTURE_NOTIFY_MASK: Final = 1 << 17


class X11Error(Exception):
    """The server refused, or sent something unexpected."""


@dataclass(frozen=True)
class Screen:
    """The first screen, and the keys of the keyboard before it."""

    root: int
    width: int
    height: int
    keycodes: range


def _pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def setup(cookie: bytes) -> bytes:
    """Opens a connection."""
    return struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(NAME), len(cookie)) + _pad(NAME) + _pad(cookie)


def setup_length(prefix: bytes) -> tuple[bool, int]:
    """Whether the setup was accepted, and how many bytes follow the prefix."""
    status, units = struct.unpack("<BxxxxxH", prefix)
    return status == 1, units * 4


def screen_of(body: bytes) -> Screen:
    """Out of an accepted setup."""
    vendor, _, _, formats, first, last = struct.unpack_from("<HHBB4xBB", body, 16)
    start = 32 + vendor + (-vendor % 4) + formats * 8
    root, width, height = struct.unpack_from("<I16xHH", body, start)
    return Screen(root, width, height, range(first, last + 1))


def watch_structure(window: int) -> bytes:
    """Asks for ConfigureNotify of `window`: the root window is configured when the screen changes its size."""
    return struct.pack("<BxHIII", 2, 4, window, 0x800, _STRUCTURE_NOTIFY_MASK)


def configured_size(event: bytes) -> tuple[int, int]:
    """Width and height in a ConfigureNotify event."""
    width, height = struct.unpack_from("<HH", event, 20)
    return width, height


def get_geometry(window: int) -> bytes:
    """Asks for a window's size."""
    return struct.pack("<BxHI", 14, 2, window)


def geometry_of(reply: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    width, height = struct.unpack_from("<HH", reply, 16)
    return width, height


def get_image(window: int, width: int, height: int) -> bytes:
    """Asks for the pixels of `window` (ZPixmap, all planes)."""
    return struct.pack("<BBHIhhHHI", 73, 2, 5, window, 0, 0, width, height, 0xFFFFFFFF)


def get_keyboard_mapping(codes: range) -> bytes:
    """Asks for the keysyms of keys."""
    return struct.pack("<BxHBBxx", 101, 2, codes.start, len(codes))


def keysyms_of(reply: bytes) -> list[tuple[int, ...]]:
    """Key by key; 0 is none."""
    row = struct.Struct(f"<{reply[1]}I")
    return list(row.iter_unpack(reply[REPLY_BYTES:]))


def change_keyboard_mapping(code: int, symbol: int) -> bytes:
    """Gives a key one keysym, with Shift and without."""
    return struct.pack("<BBHBBxxII", 100, 1, 4, code, 2, symbol, symbol)


def extra_bytes(reply: bytes) -> int:
    """How many bytes follow the first 32 of a reply. Raises `X11Error` for an error."""
    kind, code, units = struct.unpack_from("<BBxxI", reply)
    if kind == ERROR:
        raise X11Error(f"the X server refused the request (error {code})")
    return int(units) * 4 if kind == REPLY else 0
