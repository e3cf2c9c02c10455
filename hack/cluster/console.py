"""Progress for people: colours and a running clock on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BOLD, _GREEN, _RED, _DIM, _RESET = "\033[1m", "\033[32m", "\033[31m", "\033[2m", "\033[0m"
_PLAIN_REMINDER_SECONDS = 60.0


def is_terminal() -> bool:
    """Whether stderr is a terminal that wants colours (https://no-color.org)."""
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ


def say(text: str) -> None:
    """One line of progress on stderr: stdout belongs to what a command prints as its result."""
    print(text, file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """One line that says what went wrong and what to do."""
    say(f"{_RED}{_BOLD}error:{_RESET} {text}" if is_terminal() else f"error: {text}")


def _tick(label: str, started: float, finished: threading.Event) -> None:
    terminal = is_terminal()
    while not finished.wait(1.0 if terminal else _PLAIN_REMINDER_SECONDS):
        seconds = time.monotonic() - started
        if terminal:
            print(f"\r{_DIM}…{_RESET} {label} {_DIM}{seconds:.0f} s{_RESET}", end="", file=sys.stderr, flush=True)
        else:
            say(f"  {label}: {seconds:.0f} s so far")


@contextmanager
def step(label: str) -> Iterator[None]:
    """Shows `label` with a running clock while the block runs, then a tick or a cross and the seconds it took."""
    started, finished = time.monotonic(), threading.Event()
    ticker = threading.Thread(target=_tick, args=(label, started, finished), daemon=True)
    if not is_terminal():
        say(f"- {label}")
    ticker.start()
    succeeded = False
    try:
        yield
        succeeded = True
    finally:
        finished.set()
        ticker.join()
        _conclude(label, time.monotonic() - started, succeeded=succeeded)


def _conclude(label: str, seconds: float, *, succeeded: bool) -> None:
    if is_terminal():
        mark = f"{_GREEN}✓{_RESET}" if succeeded else f"{_RED}✗{_RESET}"
        say(f"\r\033[K{mark} {label} {_DIM}{seconds:.1f} s{_RESET}")
    else:
        say(f"  {'done' if succeeded else 'FAILED'}: {label} ({seconds:.1f} s)")
