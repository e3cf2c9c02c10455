"""Comparing generated texts with files, and writing them."""

from pathlib import Path, PurePosixPath

from generate.files import drifted, write

WANTED = {PurePosixPath("same.txt"): "a\n", PurePosixPath("changed.txt"): "b\n", PurePosixPath("new/file.txt"): "c\n"}


def test_only_what_differs_or_is_missing_has_drifted(tmp_path: Path) -> None:
    """A generator that rewrites everything would hide which source changed what."""
    (tmp_path / "same.txt").write_text("a\n")
    (tmp_path / "changed.txt").write_text("b")
    assert [path.name for path in drifted(tmp_path, WANTED)] == ["changed.txt", "file.txt"]


def test_after_writing_nothing_has_drifted(tmp_path: Path) -> None:
    """Folders are made; each written path is told."""
    assert list(write(tmp_path, WANTED)) == list(WANTED)
    assert drifted(tmp_path, WANTED) == {}
