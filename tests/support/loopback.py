"""Ports and waiting for servers on 127.0.0.1."""

import socket
import time


def free_port() -> int:
    """A port nobody listens on right now; a server that is stopped and started again keeps it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_accepts(port: int, tries: int = 600) -> None:
    """Waits up to a minute. Raises `TimeoutError`."""
    for _ in range(tries):
        if accepts(port):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")
