"""The X server: its command line, and what has to lie ready before it starts."""

import secrets

from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.desktop.settings import Settings
from agentjob_runtime.x11.cookie import COOKIE_BYTES, encode


def command(settings: Settings) -> list[str]:
    """Xtigervnc(1) on Unix sockets only. No abstract socket (`-nolisten local`): every container of the pod could reach it."""
    return [
        "Xtigervnc",
        settings.display,
        *("-geometry", settings.config.resolution),
        *("-depth", "24"),
        *("-desktop", "AgentJob"),
        *("-auth", str(settings.authority)),
        *("-nolisten", "tcp"),
        *("-nolisten", "local"),
        *("-rfbport", "-1"),
        *("-rfbunixpath", str(settings.vnc_socket)),
        *("-rfbunixmode", "0600"),
        # See the package: the socket's folder is the lock, the gate asks for the token.
        *("-SecurityTypes", "None"),
        "-AlwaysShared",
        "-AcceptSetDesktopSize=1",
        # No X client may change the server's settings.
        *("-AllowOverride", ""),
        *("-Log", "*:stderr:0"),
        "-noreset",
        *("-s", "0"),
        "-dpms",
    ]


def prepare(settings: Settings) -> None:
    """Clears what a server that was killed left behind, and lays a new cookie. Raises `OSError`."""
    settings.private_dir.mkdir(parents=True, exist_ok=True)
    settings.private_dir.chmod(0o700)
    for stale in (
        settings.x_lock,
        settings.x_socket,
        settings.vnc_socket,
        settings.vnc_socket.with_suffix(".sock.lock"),
    ):
        stale.unlink(missing_ok=True)
    write_atomically(settings.authority, encode(settings.number, secrets.token_bytes(COOKIE_BYTES)), 0o600)
