"""One DNS question over UDP (RFC 1035), to a given server: the C library would ask the machine's own."""

from __future__ import annotations

import secrets
import socket
import struct

_TIMEOUT_SECONDS = 1.0
_RECURSION_DESIRED = 0x0100
_TYPE_A = 1
_CLASS_IN = 1


def question(name: str, identifier: int) -> bytes:
    """A query for the A records of `name`."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    header = struct.pack("!6H", identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + labels + struct.pack("!BHH", 0, _TYPE_A, _CLASS_IN)


def first_address(answer: bytes, asked: bytes) -> str | None:
    """The IPv4 address at the end of a reply to `asked`; None for an error or a reply without one."""
    if answer[:2] != asked[:2] or len(answer) < len(asked) + 4:
        return None
    answers: int = struct.unpack("!H", answer[6:8])[0]
    # Only one record is expected, and its data, the address, comes last.
    return socket.inet_ntoa(answer[-4:]) if answers == 1 and answer[3] & 0x0F == 0 else None


def ask(name: str, server: str) -> str | None:
    """The address of `name` as `server` knows it; None when it does not know it or does not answer in a second."""
    asked = question(name, secrets.randbelow(1 << 16))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_TIMEOUT_SECONDS)
        try:
            client.connect((server, 53))
            client.send(asked)
            return first_address(client.recv(512), asked)
        except OSError:  # refused or unanswered: it does not serve yet
            return None
