"""The handshake of RFB 3.8 (RFC 6143, section 7.1) as far as the screen's size: the VNC server lives and shows a screen."""

import socket
import struct
from pathlib import Path
from typing import Final

VERSION: Final = b"RFB 003.008\n"
SECURITY_NONE: Final = 1
_SHARED: Final = b"\x01"


class RfbError(Exception):
    """The server refuses, or is none."""


def handshake(path: Path, seconds: float) -> tuple[int, int]:
    """Width and height of the screen behind the Unix socket at `path`. Raises `RfbError` or `OSError` (`TimeoutError`)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(seconds)
        server.connect(str(path))
        if not _read(server, len(VERSION)).startswith(b"RFB 003."):
            raise RfbError("no VNC server")
        server.sendall(VERSION)
        types = _read(server, _read(server, 1)[0])
        if SECURITY_NONE not in types:
            raise RfbError(f"the VNC server wants security types {list(types)}")
        server.sendall(bytes([SECURITY_NONE]))
        (result,) = struct.unpack(">I", _read(server, 4))
        if result != 0:
            raise RfbError(f"the VNC server refuses (result {result})")
        server.sendall(_SHARED)
        width, height = struct.unpack(">HH", _read(server, 4))
        return width, height


def _read(server: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = server.recv(count - len(data))
        if not more:
            raise RfbError("the VNC server closed the connection")
        data += more
    return data
