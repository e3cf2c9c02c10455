"""Walks a tree that somebody else may be changing, without ever leaving it.

Every folder and file is opened relative to its parent's descriptor with O_NOFOLLOW: a link, or a folder that is swapped for a link
between two calls, is never followed. Nothing is opened that `readdir` says is a pipe, socket or device; O_NONBLOCK makes it harmless
when one takes a file's place.
"""

import errno
import os
import stat
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from agentjob_runtime.archive.errors import ArchiveTooLargeError, ArchiveWriteError
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.patterns import Excludes

MAX_ENTRIES = 500_000
"""Of one archive, and names of one folder: what is held in memory per entry stays below 100 MB."""
MAX_DEPTH = 256
"""One descriptor is open per level."""
MAX_PATH = 4096
"""PATH_MAX of Linux: ordinary tools could not unpack anything longer."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Errors that say nothing of the file: never taken for an unreadable one."""


class Kind(Enum):
    """What is packed; everything else is counted and left out."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


class Entry(NamedTuple):
    """Something to pack. `path` is relative to the root, raw bytes, without a leading slash."""

    path: bytes
    kind: Kind
    executable: bool = False
    size: int = 0
    """Bytes of a FILE when it was opened."""
    fd: int = -1
    """Open descriptor of a FILE; whoever takes the entry closes it."""
    target: bytes = b""
    """Where a LINK points, as it is stored in it."""


class _Level(NamedTuple):
    fd: int
    prefix: bytes
    entries: Iterator[tuple[bytes, "os.DirEntry[str]"]]


class Walk:
    """Iterates over the entries under `root`, each folder before what it holds, names in the order of their bytes."""

    def __init__(self, root: Path, excludes: Excludes, notes: Notes, *, follow_root: bool = True) -> None:
        """`follow_root` for a root that nobody but us can have made: a mount."""
        self._root, self._excludes, self._notes = root, excludes, notes
        self._follow_root = follow_root
        self._levels: list[_Level] = []

    def __iter__(self) -> Iterator[Entry]:
        """Raises `ArchiveTooLargeError` beyond `MAX_ENTRIES`, `ArchiveWriteError` when `root` cannot be opened."""
        flags = _FOLDER_FLAGS & ~os.O_NOFOLLOW if self._follow_root else _FOLDER_FLAGS
        try:
            self._push(os.open(self._root, flags), b"")
        except OSError as error:
            raise ArchiveWriteError(f"The workspace cannot be read: {error.strerror}.") from error
        try:
            yield from self._entries()
        finally:
            while self._levels:
                os.close(self._levels.pop().fd)

    def _entries(self) -> Iterator[Entry]:
        count = 0
        while self._levels:
            level = self._levels[-1]
            for name, found in level.entries:
                entry = self._visit(level, name, found)
                if entry is None:
                    continue
                count += 1
                if count > MAX_ENTRIES:
                    raise _too_many()
                yield entry
                if entry.kind is Kind.FOLDER:
                    break  # go on with the level that was pushed
            else:
                os.close(self._levels.pop().fd)

    def _visit(self, level: _Level, name: bytes, found: "os.DirEntry[str]") -> Entry | None:
        path = level.prefix + name
        try:
            folder = found.is_dir(follow_symlinks=False)
            if self._excludes.matches(found.name, level.prefix, folder):
                return None
            if len(path) > MAX_PATH:
                self._notes.skip(path[:200], f"its path is longer than {MAX_PATH} bytes")
                return None
            if folder:
                return self._folder(level, name, path)
            if found.is_symlink():
                return Entry(path, Kind.LINK, target=os.readlink(name, dir_fd=level.fd))
            if not found.is_file(follow_symlinks=False):
                self._notes.special += 1
                return None
            return self._file(level, name, path)
        except OSError as error:
            if error.errno in _OURS:
                raise
            self._notes.skip(path, os.strerror(error.errno or errno.EIO))
            return None

    def _folder(self, level: _Level, name: bytes, path: bytes) -> Entry | None:
        if len(self._levels) >= MAX_DEPTH:
            self._notes.skip(path, f"it lies deeper than {MAX_DEPTH} folders")
            return None
        self._push(os.open(name, _FOLDER_FLAGS, dir_fd=level.fd), path + b"/")
        return Entry(path, Kind.FOLDER)

    def _file(self, level: _Level, name: bytes, path: bytes) -> Entry | None:
        fd = os.open(name, _FILE_FLAGS, dir_fd=level.fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            self._notes.special += 1
            return None
        return Entry(path, Kind.FILE, bool(status.st_mode & stat.S_IXUSR), status.st_size, fd)

    def _push(self, fd: int, prefix: bytes) -> None:
        try:
            entries = _sorted_entries(fd)
        except (OSError, ArchiveTooLargeError):
            os.close(fd)
            raise
        self._levels.append(_Level(fd, prefix, iter(entries)))


def _sorted_entries(fd: int) -> list[tuple[bytes, "os.DirEntry[str]"]]:
    with os.scandir(fd) as names:
        found = [(entry.name.encode("utf-8", "surrogateescape"), entry) for entry in islice(names, MAX_ENTRIES + 1)]
    if len(found) > MAX_ENTRIES:
        raise _too_many()
    # readdir may give a name twice that is renamed meanwhile
    return sorted(dict(found).items(), key=itemgetter(0))


def _too_many() -> ArchiveTooLargeError:
    return ArchiveTooLargeError(f"The workspace holds more than {MAX_ENTRIES:,} files and folders.")
