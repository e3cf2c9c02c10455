"""The file of the MIT cookie, in the format of `xauth` (Xau library): big-endian counted strings. Pure."""

import struct
from typing import Final

COOKIE_BYTES: Final = 16
NAME: Final = b"MIT-MAGIC-COOKIE-1"
_FAMILY_WILD: Final = 65535
"""Fits every host name: the containers of a pod share one, but programs ask for it in different ways."""


class CookieError(ValueError):
    """The file is not one that `encode` wrote."""


def encode(display: int, cookie: bytes) -> bytes:
    """One entry for `display` on any host."""
    parts = (b"", str(display).encode(), NAME, cookie)
    return struct.pack(">H", _FAMILY_WILD) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def decode(data: bytes) -> bytes:
    """The cookie of the first entry. Raises `CookieError`."""
    parts, position = [], 2
    try:
        for _ in range(4):
            (length,) = struct.unpack_from(">H", data, position)
            parts.append(data[position + 2 : position + 2 + length])
            position += 2 + length
    except struct.error as error:
        raise CookieError("the X authority file is cut off") from error
    if parts[2] != NAME or len(parts[3]) != COOKIE_BYTES:
        raise CookieError("the X authority file holds no MIT cookie")
    return parts[3]
