"""PNG out of the X server's pixels (PNG specification, third edition): RGB, 8 bits a channel, no filter. Pure."""

import struct
import zlib
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LEVEL: Final = 6


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode(width: int, height: int, bgrx: bytes) -> bytes:
    """A PNG file of `bgrx`: four bytes a pixel, blue first, rows without padding. Raises `ValueError` for another size."""
    if len(bgrx) != width * height * 4:
        raise ValueError(f"{len(bgrx)} bytes are no picture of {width}x{height}")
    pixels = bytearray(width * height * 3)
    pixels[0::3], pixels[1::3], pixels[2::3] = bgrx[2::4], bgrx[1::4], bgrx[0::4]
    row = width * 3
    rows = b"".join(b"\0" + pixels[start : start + row] for start in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, _LEVEL)) + _chunk(b"IEND", b"")
