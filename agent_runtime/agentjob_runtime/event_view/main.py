"""`event-view [FILE]`: shows the events until it is ended. Runs in a terminal of the desktop from the first second on."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

from agentjob_api.pod import EVENTS

from agentjob_runtime.event_view.follow import Follower
from agentjob_runtime.event_view.render import render
from agentjob_runtime.event_view.style import Style, paint
from agentjob_runtime.event_view.text import cut, line

POLL_SECONDS: Final = 0.2
WAITING: Final = "Waiting for the agent. What it does appears here, live."
_HIDE_CURSOR: Final = "\x1b[?25l"


def shown(raw: bytes, columns: int) -> list[str]:
    """The lines for one line of the file."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        text = line(raw[:400].decode("utf-8", "replace"))
        return [paint(Style.WARNING, cut(f"(not an event) {text}", columns))] if raw.strip() else []
    return render(event, columns)


def _print(texts: list[str]) -> None:
    if texts:
        print("\n".join(texts))


def show_for_ever(follower: Follower) -> NoReturn:
    """Prints what comes. Raises `OSError`."""
    while True:
        for raw in follower.lines():
            _print(shown(raw, shutil.get_terminal_size().columns - 1))
        sys.stdout.flush()
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Entry point; ends when its terminal is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in its window is a slip, and would close it
    path = Path(sys.argv[1] if len(sys.argv) > 1 else EVENTS)
    _print([f"{_HIDE_CURSOR}{paint(Style.DIM, WAITING)}\n"])
    sys.stdout.flush()
    try:
        show_for_ever(Follower(path))
    except BrokenPipeError:
        return os.EX_OK
    except OSError as error:
        print(f"cannot read {path}: {error.strerror}", file=sys.stderr)
        return os.EX_IOERR
