"""Unpacks a checkpoint into empty folders, without believing a word of it.

A folder is made by us below one that we made, each opened relative to its parent: no entry can lie outside, and no link is followed.
"""

import os
import tarfile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self, cast

import zstandard
from agentjob_api.checkpoint import SESSION, WORKSPACE

_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE: Final = 1 << 20
_ZEROS: Final = bytes(_PIECE)
MAX_ENTRIES: Final = 1_100_000
"""Two walks of `archive.walk.MAX_ENTRIES` each, and a little."""
MAX_DEPTH: Final = 300
"""One descriptor is open per level; the walk that packed goes less deep."""


class UnpackError(Exception):
    """It is no checkpoint of ours, or does not fit; the message is a sentence for the user."""


class Source(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


def unpack(source: Source, workspace: Path, session_dir: Path, max_bytes: int) -> int:
    """Unpacks the zstd-compressed tar from `source`; returns the number of entries.

    `max_bytes` bounds what the files take, holes not counted. Raises `UnpackError`, `OSError`, or what `source` raises.
    """
    count = 0
    try:
        with (
            zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(cast(IO[bytes], source)) as plain,
            tarfile.open(fileobj=plain, mode="r|", errorlevel=2) as tar,
            _Placer({WORKSPACE: workspace, SESSION: session_dir}, max_bytes) as placer,
        ):
            while (member := tar.next()) is not None:
                vars(tar)["members"] = []  # it would keep them all in memory
                count += 1
                if count > MAX_ENTRIES:
                    raise UnpackError(f"It holds more than {MAX_ENTRIES:,} entries.")
                placer.place(member, tar)
    except (tarfile.TarError, zstandard.ZstdError, ValueError) as error:
        raise UnpackError(f"It cannot be read: {error}.") from error
    return count


class _Placer:
    """Keeps the chain of folders open that the last entry lies in."""

    def __init__(self, roots: dict[str, Path], max_bytes: int) -> None:
        self._roots, self._left = roots, max_bytes
        self._chain: list[tuple[str, int]] = []
        """Name and descriptor of each folder from a root down."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_from(0)

    def place(self, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        """Makes one folder, file or link."""
        *folders, name = _parts(member.name)
        parent = self._descend(folders)
        if member.type == tarfile.DIRTYPE:
            os.mkdir(name, 0o755, dir_fd=parent)
        elif member.type == tarfile.SYMTYPE:
            os.symlink(member.linkname, name, dir_fd=parent)
        elif member.type == tarfile.REGTYPE and not member.issparse():
            data = tar.extractfile(member)
            if data is None:
                raise UnpackError(f"It holds no data of {member.name!r}.")
            self._file(parent, name, data, executable=bool(member.mode & 0o100))
        else:
            raise UnpackError(f"It holds {member.name!r}, which is neither folder, file nor link.")

    def _descend(self, folders: list[str]) -> int:
        same = 0
        while same < min(len(folders), len(self._chain)) and self._chain[same][0] == folders[same]:
            same += 1
        self._close_from(same)
        for name in folders[same:]:
            self._chain.append((name, self._open(name)))
        return self._chain[-1][1]

    def _open(self, name: str) -> int:
        if self._chain:
            return os.open(name, _FOLDER_FLAGS, dir_fd=self._chain[-1][1])
        if name not in self._roots:
            raise UnpackError(f"It holds the folder {name!r}.")
        return os.open(self._roots[name], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _close_from(self, depth: int) -> None:
        while len(self._chain) > depth:
            os.close(self._chain.pop()[1])

    def _file(self, parent: int, name: str, data: IO[bytes], *, executable: bool) -> None:
        with os.fdopen(os.open(name, _FILE_FLAGS, 0o755 if executable else 0o644, dir_fd=parent), "wb", 0) as file:
            size = 0
            while piece := data.read(_PIECE):
                size += len(piece)
                if piece == _ZEROS:  # a hole again
                    file.seek(size)
                    continue
                self._left -= len(piece)
                if self._left < 0:
                    raise UnpackError("Its files take more room than the volume has.")
                view = memoryview(piece)
                while view:
                    view = view[file.write(view) :]
            file.truncate(size)


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if not 2 <= len(parts) <= MAX_DEPTH or any(part in {"", ".", ".."} for part in parts):
        raise UnpackError(f"It holds the path {path[:200]!r}.")
    return parts
