"""Lays the first windows out again when the screen's size changes, with the tools of the image (xdotool(1))."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentjob_runtime.common import jsonlog
from agentjob_runtime.desktop.programs import CELL, WINDOWS, Geometry, layout

LOG: Final = logging.getLogger(__name__)
_INNER: Final = 8
"""Pixels between a terminal's edge and its text (images/desktop/files/Xresources)."""
_SECONDS: Final = 5.0


class Arrangement:
    """Where the windows were put last; what a person has given another size since then is theirs."""

    def __init__(self, width: int, height: int, folder: Path, environment: Mapping[str, str]) -> None:
        self._last = layout(width, height)
        self._folder = folder
        self._environment = dict(environment)

    async def fit(self, width: int, height: int) -> None:
        """Moves and sizes those that are as they were put. A window that is closed is not missed."""
        wanted = layout(width, height)
        for name, last, place in zip(WINDOWS, self._last, wanted, strict=True):
            for window in (await self._ask("search", "--classname", f"^{name}$")).split():
                size = sizes(await self._ask("getwindowgeometry", "--shell", window))
                if size == pixels(last):
                    await self._ask(*moves(window, place))
                    jsonlog.event(LOG, logging.INFO, "window laid out again", window=name, geometry=str(place))
        self._last = wanted

    async def _ask(self, *words: str) -> str:
        """What xdotool prints; nothing where it finds nothing, or the window has gone meanwhile."""
        process = await asyncio.create_subprocess_exec(
            *("xdotool", *words),
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        return output.decode("ascii", "replace")


def pixels(place: Geometry) -> tuple[int, int]:
    """Of a terminal of so many cells, without the window manager's frame."""
    return place.columns * CELL[0] + 2 * _INNER, place.rows * CELL[1] + 2 * _INNER


def sizes(printed: str) -> tuple[int, int] | None:
    """Width and height in the shell variables that xdotool prints."""
    values = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    try:
        return int(values["WIDTH"]), int(values["HEIGHT"])
    except (KeyError, ValueError):
        return None


def moves(window: str, place: Geometry) -> tuple[str, ...]:
    """xdotool's words that put `window` there."""
    size = ("windowsize", window, *map(str, pixels(place)))
    return (*size, "windowmove", window, str(place.x), str(place.y))
