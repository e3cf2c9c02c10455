"""What pytest-xdist's workers, each a process with a session of its own, do only once between them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ALONE = "master"
"""pytest-xdist's name for a session without workers."""


@contextmanager
def first_of_all(temporary: pytest.TempPathFactory, worker: str) -> Iterator[bool]:
    """True for one of them; the others wait until it has left the block well, and get False."""
    base = temporary.getbasetemp()
    with ((base if worker == ALONE else base.parent) / "first-of-all").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield not file.read()
        file.write("done")
