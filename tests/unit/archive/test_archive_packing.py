"""Both formats: what comes out is what was there, the same bytes every time, and opens with ordinary tools."""

import hashlib
import io
import os
import random
import resource
import shutil
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import pytest
import zstandard
from agentjob_runtime.archive.errors import ArchiveInterruptedError, ArchiveTooLargeError, ArchiveWriteError
from agentjob_runtime.archive.pack import Packed, PackRequest, pack
from agentjob_runtime.archive.patterns import compile_excludes

Format = Literal["Zip", "TarZstd"]
FORMATS: tuple[Format, ...] = ("Zip", "TarZstd")
both = pytest.mark.parametrize("kind", FORMATS)


def request(root: Path, target: Path, kind: Format, max_bytes: int = 1 << 30, max_input: int = 1 << 40) -> PackRequest:
    """Everything, unless limited."""
    return PackRequest(root, target, kind, compile_excludes([]), max_bytes, max_input)


def unpack(packed: Packed, kind: Format, target: Path) -> Path:
    """With the tools that users have."""
    target.mkdir()
    if kind == "Zip":
        subprocess.run(["unzip", "-q", packed.path, "-d", target], check=True)
    else:
        data = zstandard.ZstdDecompressor().stream_reader(packed.path.read_bytes()).read()
        subprocess.run(["tar", "x", "-C", target], input=data, check=True)
    return target


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content (or target) of everything below `root`."""
    found = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(root))] = (mode, content)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Names, modes, sizes and kinds of every sort."""
    root = tmp_path / "tree"
    noise = random.Random(1)
    files = {
        "empty": b"",
        "tiny": b"x",
        "text.py": b"print('hello')\n" * 2000,
        "noise.bin": noise.randbytes(300_000),
        "large.txt": b"".join(b"line %d\n" % number for number in range(600_000)),
        "exactly-one-piece": noise.randbytes(1 << 20),
        "ünï/cödé ☃.txt": b"snow",
        "with space/and'quote": b"odd",
        "-rf": b"dash",
        f"deep/{'d' * 120}/{'e' * 200}": b"long name",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
    (root / "tool.sh").write_text("#!/bin/sh\n")
    (root / "tool.sh").chmod(0o755)
    (root / "empty-folder").mkdir()
    (root / "link").symlink_to("text.py")
    (root / "dangling").symlink_to("/nowhere/" + "x" * 150)
    (root / "folder-link").symlink_to("ünï")
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]:
        folder.chmod(0o755)
    return root


@both
def test_everything_comes_back_as_it_was(tree: Path, tmp_path: Path, kind: Format) -> None:
    """Contents, modes, links and names, by unzip and tar."""
    packed = pack(request(tree, tmp_path / "archive", kind))
    assert snapshot(unpack(packed, kind, tmp_path / "out")) == snapshot(tree)
    assert packed.sha256 == hashlib.sha256(packed.path.read_bytes()).hexdigest()
    assert packed.size == packed.path.stat().st_size
    assert packed.files == sum(not stat.S_ISDIR(mode) for mode, _ in snapshot(tree).values())


@both
def test_the_same_tree_gives_the_same_bytes(tree: Path, tmp_path: Path, kind: Format) -> None:
    """Whatever the times, the order on the disk, the odd mode bits, the number of threads."""
    first = pack(request(tree, tmp_path / "one", kind), threads=1)
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    for path in copy.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o700 if os.access(path, os.X_OK) and path.name == "tool.sh" else 0o640)
            os.utime(path, (1, 1))
    second = pack(request(copy, tmp_path / "two", kind), threads=3)
    assert (first.sha256, first.manifest) == (second.sha256, second.manifest)


@both
def test_names_with_control_characters_are_kept(tmp_path: Path, kind: Format) -> None:
    """Some tools change them when they unpack (unzip drops a newline); the archive has them."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "a\nb\tc\\d").touch()
    packed = pack(request(root, tmp_path / "archive", kind))
    if kind == "Zip":
        assert zipfile.ZipFile(packed.path).namelist() == ["a\nb\tc\\d"]
    else:
        assert [path.name for path in unpack(packed, kind, tmp_path / "out").iterdir()] == ["a\nb\tc\\d"]


def test_the_zip_is_sound_for_unzip_and_python(tree: Path, tmp_path: Path) -> None:
    """CRCs, sizes and descriptors of every entry."""
    packed = pack(request(tree, tmp_path / "a.zip", "Zip"))
    subprocess.run(["unzip", "-tq", packed.path], check=True)
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_tar_is_sound_for_python(tree: Path, tmp_path: Path) -> None:
    """pax headers for long names and targets; owner and time fixed."""
    packed = pack(request(tree, tmp_path / "a.tar.zst", "TarZstd"))
    data = zstandard.ZstdDecompressor().stream_reader(packed.path.read_bytes()).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
    assert {(m.uid, m.gid, m.mtime) for m in members} == {(0, 0, 315_532_800)}
    assert len(members) == len(snapshot(tree))


@both
def test_the_limit_of_the_archive_is_hard(tree: Path, tmp_path: Path, kind: Format) -> None:
    """Nothing half done is left on the disk."""
    with pytest.raises(ArchiveTooLargeError, match=r"spec\.archive\.maxBytes"):
        pack(request(tree, tmp_path / "archive", kind, max_bytes=500_000))
    assert not (tmp_path / "archive").exists()
    exact = pack(request(tree, tmp_path / "whole", kind)).size
    assert pack(request(tree, tmp_path / "exact", kind, max_bytes=exact)).size == exact


@both
def test_holes_and_hard_links_do_not_go_on_for_ever(tmp_path: Path, kind: Format) -> None:
    """A sparse file of a terabyte takes no room on the volume: what is read is bounded, too."""
    root = tmp_path / "root"
    root.mkdir()
    with (root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ArchiveTooLargeError, match="holes and hard links"):
        pack(request(root, tmp_path / "archive", kind, max_input=1 << 30))


@both
def test_a_checkpoint_can_stop_it(tree: Path, tmp_path: Path, kind: Format) -> None:
    """When the pod's time is over."""

    def stop() -> None:
        raise ArchiveInterruptedError("over")

    with pytest.raises(ArchiveInterruptedError):
        pack(request(tree, tmp_path / "archive", kind), stop)
    assert not (tmp_path / "archive").exists()


@both
def test_a_disk_that_takes_no_more_is_told(tree: Path, tmp_path: Path, kind: Format) -> None:
    """The courier's own volume is full; a limit on the size of files stands for it. Nothing is left on it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ArchiveWriteError, match="cannot be written"):
            pack(request(tree, tmp_path / "archive", kind))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "archive").exists()
