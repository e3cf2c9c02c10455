"""Programs that crash are started again, with pauses and a limit; the probe looks behind the gate."""

import asyncio
import os
import re
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import pytest
from agentjob_api.job_config import DesktopConfig
from agentjob_runtime.common.config import ConfigError
from agentjob_runtime.desktop import backoff, supervise, xserver
from agentjob_runtime.desktop.arrange import moves, pixels, sizes
from agentjob_runtime.desktop.programs import Program, layout
from agentjob_runtime.desktop.ready import probe
from agentjob_runtime.desktop.settings import Settings
from agentjob_runtime.x11.cookie import decode
from support.patience import until

SETTLED = 50
"""Turns of the loop after which a program is known to run."""


def test_pauses_grow_and_end() -> None:
    """A program that cannot run is given up."""
    pauses = backoff.Backoff()
    assert [pauses.after(0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, None]


def test_a_program_that_ran_for_long_begins_anew() -> None:
    """A crash a day is no reason to give up."""
    pauses = backoff.Backoff()
    assert [pauses.after(3600) for _ in range(20)] == [0.5] * 20


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses worth mentioning."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.001)


def _program(script: str, keep: bool) -> Program:
    return Program("test", ("sh", "-c", script), keep)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("script", "keep", "starts"),
    [("exit 0", False, 1), ("exit 3", False, 9), ("kill -9 $$", False, 9), ("exit 0", True, 9)],
    ids=["closed by the person", "crashed", "killed", "the panel ended"],
)
async def test_what_is_started_again(tmp_path: Path, script: str, keep: bool, starts: int) -> None:
    """A window that a person closes stays closed; everything else comes back until it is given up."""
    program = _program(f"echo x >> starts; {script}", keep)
    await supervise.supervise(program, tmp_path, dict(os.environ))
    assert (tmp_path / "starts").read_text().count("x") == starts


@pytest.mark.usefixtures("impatient")
async def test_a_program_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    """An image without it still has a desktop."""
    await supervise.supervise(Program("gone", ("/nonexistent",), keep=True), tmp_path, {})


@pytest.mark.parametrize("turns", [*range(6), SETTLED])
async def test_cancelling_ends_the_program_and_its_children(tmp_path: Path, turns: int) -> None:
    """On SIGTERM nothing may be left that holds the pod, nor of a lost X server anything beside the next one's programs.

    Whenever it comes: until its loop has turned a few times asyncio does not know the program, which may have children by then.
    """
    seconds = f"600.{os.getpid()}0{turns:02}"
    task = asyncio.create_task(
        supervise.supervise(_program(f"sleep {seconds} & wait", True), tmp_path, dict(os.environ))
    )
    for _ in range(turns):
        await asyncio.sleep(0)
    if turns == SETTLED or _named(seconds):
        until(lambda: len(_named(seconds)) == 2, "the program and its child")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    until(lambda: not _named(seconds), "the end of both")


def _named(word: str) -> list[Path]:
    """The processes with this word in their arguments; a zombie has none."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if word in each.read_text():
                found.append(each)
    return found


def _settings(root: Path) -> Settings:
    (root / "x11").mkdir()
    return Settings(x11_dir=root / "x11", authority=root / "x11/auth", own_dir=root / "own", lock_dir=root)


def test_what_a_killed_server_left_is_cleared(tmp_path: Path) -> None:
    """A stale lock with the number of a living process would keep the X server from starting."""
    settings = _settings(tmp_path)
    settings.x_lock.write_text("1\n")
    settings.x_socket.write_text("")
    xserver.prepare(settings)
    first = decode(settings.authority.read_bytes())
    xserver.prepare(settings)
    assert not settings.x_lock.exists()
    assert not settings.x_socket.exists()
    assert decode(settings.authority.read_bytes()) != first
    assert settings.authority.stat().st_mode & 0o777 == 0o600
    assert settings.private_dir.stat().st_mode & 0o777 == 0o700


def test_the_x_server_listens_on_files_only() -> None:
    """No TCP port, no abstract socket, always a cookie."""
    line = " ".join(xserver.command(Settings()))
    for part in ("-nolisten tcp", "-nolisten local", "-rfbport -1", "-rfbunixmode 0600", "-auth /"):
        assert part in line


@pytest.mark.parametrize("resolution", ["", "1280", "1280x800 -rfbport 5900", "0x0", "99999x1"])
def test_a_resolution_is_two_numbers(resolution: str) -> None:
    """It becomes an argument of the X server."""
    with pytest.raises(ConfigError):
        Settings(DesktopConfig(resolution=resolution))


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 800), (1920, 1080), (3840, 2160)])
def test_windows_fit_the_screen(width: int, height: int) -> None:
    """Columns and rows of both terminals are sensible at any size."""
    for place in layout(width, height):
        assert 30 <= place.columns < width // 8
        assert 8 <= place.rows < height // 17
        assert re.fullmatch(r"\d+x\d+\+\d+\+\d+", str(place))


def test_a_window_is_known_by_the_size_it_was_given() -> None:
    """xdotool tells it as shell variables; a window that has gone meanwhile has none."""
    place = layout(1280, 800)[0]
    width, height = pixels(place)
    assert sizes(f"WINDOW=7\nX=14\nY=38\nWIDTH={width}\nHEIGHT={height}\nSCREEN=0\n") == (width, height)
    assert sizes("") is None
    assert moves("7", place)[:4] == ("windowsize", "7", str(width), str(height))


def _vnc_server(path: Path, answers: bytes) -> socket:
    server = socket(AF_UNIX, SOCK_STREAM)
    server.bind(str(path))
    server.listen()

    def talk() -> None:
        connection, _ = server.accept()
        connection.sendall(answers)
        with suppress(ConnectionResetError):  # the probe hangs up on what is no VNC server
            while connection.recv(100):
                pass

    threading.Thread(target=talk, daemon=True).start()
    return server


class _Gate(BaseHTTPRequestHandler):
    status = 401

    def do_GET(self) -> None:
        """Asks for the token."""
        self.send_error(self.status)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


GOOD = b"RFB 003.008\n" + b"\x01\x01" + b"\0\0\0\0" + b"\x05\x00\x03\x20"


@pytest.mark.parametrize(
    ("answers", "status", "problem"),
    [
        (GOOD, 401, ""),
        (GOOD, 200, "answers 200"),
        (b"HTTP/1.1 200 OK\r\n\r\n", 401, "no VNC server"),
        (b"RFB 003.008\n" + b"\x01\x02", 401, "security types"),
        (b"RFB 003.008\n" + b"\x01\x01" + b"\0\0\0\x01", 401, "refuses"),
        (GOOD[:-4] + b"\0\0\0\0", 401, "no size"),
    ],
)
def test_the_probe_looks_at_x_and_gate(tmp_path: Path, answers: bytes, status: int, problem: str) -> None:
    """A real handshake; a gate that lets a stranger in is not ready, either."""
    handler = type("Handler", (_Gate,), {"status": status})
    web = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    vnc = _vnc_server(tmp_path / "vnc", answers)
    found = probe(tmp_path / "vnc", web.server_port)
    web.shutdown()
    web.server_close()
    vnc.close()
    assert problem in found
    assert bool(found) == bool(problem)


def test_the_probe_says_that_x_is_gone(tmp_path: Path) -> None:
    """While the gate still answers."""
    assert "No such file" in probe(tmp_path / "vnc", 1)
