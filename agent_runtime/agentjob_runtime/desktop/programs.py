"""What runs on the desktop from the first second, and how it is started. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentjob_api.pod import RUNTIME_BIN

EVENT_VIEW: Final = (RUNTIME_BIN, "event-view")
WINDOWS: Final = ("agent-view", "workspace-terminal")
"""X names of the windows that `layout` places, in its order."""


@dataclass(frozen=True)
class Program:
    """`keep`: started again whenever it ends, and not only when it crashed: nobody can close it on purpose."""

    name: str
    argv: tuple[str, ...]
    keep: bool


@dataclass(frozen=True)
class Geometry:
    """Of a terminal: size in characters, place in pixels."""

    columns: int
    rows: int
    x: int
    y: int

    def __str__(self) -> str:
        """As X programs take it."""
        return f"{self.columns}x{self.rows}+{self.x}+{self.y}"


def terminal(title: str, name: str, geometry: Geometry, command: tuple[str, ...]) -> tuple[str, ...]:
    """An xterm that runs `command`."""
    return ("xterm", "-name", name, "-title", title, "-geometry", str(geometry), "-e", *command)


def programs(files: Path, width: int, height: int) -> tuple[Program, ...]:
    """The programs of a screen of this size, in the order in which they start: the window manager first."""
    view, shell = layout(width, height)
    return (
        Program("window-manager", ("openbox", "--config-file", str(files / "openbox/rc.xml")), keep=True),
        Program("panel", ("tint2", "-c", str(files / "tint2rc")), keep=True),
        Program("event-view", terminal("Agent", WINDOWS[0], view, EVENT_VIEW), keep=False),
        Program("terminal", terminal("Terminal", WINDOWS[1], shell, (str(files / "shell"),)), keep=False),
    )


CELL: Final = (8, 17)
"""Pixels of a character in the image's terminal font; see images/desktop/files/Xresources."""
_FRAME: Final = (18, 46)
"""Pixels that a window's border, title and padding take."""
_PANEL: Final = 38
_GAP: Final = 14


def layout(width: int, height: int) -> tuple[Geometry, Geometry]:
    """The event view on the left and the terminal on the right."""
    usable = height - _PANEL - 2 * _GAP
    rows = max(8, (usable - _FRAME[1]) // CELL[1])
    left = (width - 3 * _GAP) * 58 // 100
    right = width - 3 * _GAP - left
    view = Geometry(max(40, (left - _FRAME[0]) // CELL[0]), rows, _GAP, _GAP)
    shell = Geometry(max(30, (right - _FRAME[0]) // CELL[0]), max(8, rows * 55 // 100), left + 2 * _GAP, _GAP)
    return view, shell
