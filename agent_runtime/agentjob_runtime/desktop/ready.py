"""`desktop-ready`: exit code 0 when a person with the token could work. Imports little: it runs every few seconds."""

import http
import http.client
import os
import sys
from pathlib import Path
from typing import Final

from agentjob_api.pod import DESKTOP_DIR, DESKTOP_PORT

from agentjob_runtime.desktop.rfb import RfbError, handshake

SECONDS: Final = 3.0
_NOT_READY: Final = 1


class GateError(Exception):
    """The gate does not answer as it should."""


def ask_gate(port: int) -> None:
    """Sees the gate ask for the token. Raises `GateError`, `OSError` or `http.client.HTTPException`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/vnc.html")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != http.HTTPStatus.UNAUTHORIZED:
        raise GateError(f"the gate answers {status} to somebody without the token")


def probe(vnc_socket: Path, port: int) -> str:
    """Why the desktop is not ready; empty when it is."""
    try:
        width, height = handshake(vnc_socket, SECONDS)
        ask_gate(port)
    except (RfbError, GateError, OSError, http.client.HTTPException) as error:
        return f"{error}" or type(error).__name__
    return "" if width and height else "the screen has no size"


def main() -> int:
    """Entry point of the probe; what is wrong goes into the kubelet's event."""
    problem = probe(Path(DESKTOP_DIR, "private", "vnc.sock"), DESKTOP_PORT)
    if problem:
        print(f"desktop is not ready: {problem}", file=sys.stderr)
        return _NOT_READY
    return os.EX_OK
