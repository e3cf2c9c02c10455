"""Compares generated texts with the files on disk, and writes them. Paths are relative to the repository."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

Files = Mapping[PurePosixPath, str]


def drifted(root: Path, wanted: Files) -> dict[PurePosixPath, str]:
    """What of `wanted` is missing under `root` or differs from the file there."""
    return {path: text for path, text in wanted.items() if not _holds(root / path, text)}


def write(root: Path, files: Files) -> Iterator[PurePosixPath]:
    """Writes each file, making its folder; yields its path."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        yield path


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
