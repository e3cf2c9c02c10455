"""Waiting for what another process does: by asking, often at first, then less."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

WAIT_SECONDS = 120.0
"""For what should come at once: the machine may be busy with something else."""
_FIRST_PAUSE = 0.02
_GROWTH = 1.3
_LONGEST_PAUSE = 0.4


def tries(seconds: float) -> Iterator[None]:
    """One at once, one when `seconds` are over, and some in between: who asks all the time takes the processor from who is waited for."""
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while (left := end - time.monotonic()) > 0:
        yield
        time.sleep(min(pause, left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)
    yield


def until(what: Callable[[], T | None], meaning: str, seconds: float = WAIT_SECONDS) -> T:
    """The first true answer of `what`. Raises `AssertionError`."""
    for _ in tries(seconds):
        if answer := what():
            return answer
    raise AssertionError(f"not seen in {seconds:.0f} s: {meaning}")
