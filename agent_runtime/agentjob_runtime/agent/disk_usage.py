"""How much a folder takes on its volume."""

import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 512
"""Unit of `st_blocks` (stat(2))."""


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below, links not followed. What vanishes meanwhile or is closed to us is left out: the agent owns the
    folder and may do both, and the kubelet's own limit still holds.
    """
    folders = [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                entries = list(found)
            folders.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue
        yield from entries


def disk_usage(folder: Path) -> int:
    """Bytes in blocks, as du counts them: sparse files by what they hold, hard links once."""
    total = 0
    linked: set[tuple[int, int]] = set()
    for entry in _entries(folder):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # as above
            continue
        if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
            if (status.st_dev, status.st_ino) in linked:
                continue
            linked.add((status.st_dev, status.st_ino))
        total += status.st_blocks * BLOCK
    return total


def available(folder: Path) -> int:
    """Bytes that its file system would still take from us (statvfs(3)). Raises `OSError`."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
