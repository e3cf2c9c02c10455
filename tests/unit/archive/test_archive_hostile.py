"""A workspace that lays traps, and one that changes while it is packed."""

import json
import os
import socket
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from agentjob_runtime.archive import walk
from agentjob_runtime.archive.errors import ArchiveTooLargeError
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.pack import Packed, PackRequest, pack
from agentjob_runtime.archive.patterns import compile_excludes
from agentjob_runtime.archive.walk import Kind, Walk
from unit.archive.test_archive_packing import Format, both, request


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def contents(packed: Packed, kind: Format) -> dict[str, bytes]:
    """Files of the archive, by Python's readers."""
    if kind == "Zip":
        with zipfile.ZipFile(packed.path) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    data = zstandard.ZstdDecompressor().stream_reader(packed.path.read_bytes()).read()
    with tarfile.open(fileobj=BytesIO(data)) as tar:
        members = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: file.read() for name, file in members.items() if file}


@both
def test_links_are_stored_and_never_followed(root: Path, tmp_path: Path, kind: Format) -> None:
    """Not to a file outside, not to a folder outside, not to /proc."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("s3cret")
    (root / "file").symlink_to(secret / "key")
    (root / "folder").symlink_to(secret)
    (root / "proc").symlink_to("/proc/self/environ")
    (root / "loop").symlink_to("loop")
    packed = pack(request(root, tmp_path / "archive", kind))
    assert not any(b"s3cret" in content for content in contents(packed, kind).values())
    rows = {row["path"]: row.get("link") for row in json.loads(packed.manifest)["files"]}
    assert rows == {"file": str(secret / "key"), "folder": str(secret), "proc": "/proc/self/environ", "loop": "loop"}


def test_a_folder_swapped_for_a_link_is_not_entered(root: Path, tmp_path: Path) -> None:
    """The swap happens between listing and opening."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_text("s3cret")
    for name in ("a", "b"):
        (root / name).mkdir()
    notes, seen = Notes(), []
    for entry in Walk(root, compile_excludes([]), notes):
        seen.append(entry.path)
        if entry.path == b"a":
            (root / "b").rmdir()
            (root / "b").symlink_to(outside)
    assert seen == [b"a"]
    assert notes.named == [("b", "Not a directory")]


def test_a_file_swapped_for_a_pipe_or_a_link_does_not_block(root: Path, tmp_path: Path) -> None:
    """O_NONBLOCK and O_NOFOLLOW at the moment of opening."""
    for name in ("a", "b", "c"):
        (root / name).write_text(name)
    notes, seen = Notes(), []
    for entry in Walk(root, compile_excludes([]), notes):
        os.close(entry.fd)
        seen.append(entry.path)
        if entry.path == b"a":
            (root / "b").unlink()
            os.mkfifo(root / "b")
            (root / "c").unlink()
            (root / "c").symlink_to("/etc/passwd")
    assert seen == [b"a"]
    assert (notes.special, notes.skipped) == (1, 1)


@both
def test_special_files_are_counted_and_left_out(root: Path, tmp_path: Path, kind: Format) -> None:
    """A pipe would block for ever, a socket cannot be read."""
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        packed = pack(request(root, tmp_path / "archive", kind))
    assert packed.files == 0
    assert packed.notes.special == 2
    assert "2 sockets, pipes or devices" in packed.notes.sentence()


@both
def test_unreadable_files_are_named(root: Path, tmp_path: Path, kind: Format) -> None:
    """The rest is packed, and the report says what is missing. Run as somebody who is not root."""
    for name in ("open", "locked"):
        (root / name).write_text(name)
    (root / "locked").chmod(0)
    (root / "folder").mkdir()
    (root / "folder").chmod(0)
    packed = as_nobody(tmp_path, root, kind)
    assert packed == {"files": 1, "named": [["folder", "Permission denied"], ["locked", "Permission denied"]]}


def as_nobody(tmp_path: Path, root: Path, kind: Format) -> dict[str, object]:
    """Packs in a child process without root's rights."""
    script = f"""
import json, os, sys
if os.geteuid() == 0:
    os.chown({str(root)!r}, 65534, 65534)
    for name in os.listdir({str(root)!r}): os.chown(os.path.join({str(root)!r}, name), 65534, 65534)
from pathlib import Path
from agentjob_runtime.archive.pack import PackRequest, pack
from agentjob_runtime.archive.patterns import compile_excludes
os.chdir({str(tmp_path)!r})
os.mkdir("scratch")
os.chmod("scratch", 0o777)
scratch = os.open("scratch", os.O_RDONLY)
here = os.open({str(root)!r}, os.O_RDONLY | os.O_PATH)
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
target = Path(f"/proc/self/fd/{{scratch}}/archive")
packed = pack(PackRequest(Path(f"/proc/self/fd/{{here}}"), target, {kind!r}, compile_excludes([]), 1 << 30, 1 << 30))
print(json.dumps({{"files": packed.files, "named": packed.notes.named}}))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


@both
@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_a_file_that_shrinks_while_it_is_read_breaks_nothing(
    root: Path, tmp_path: Path, kind: Format, size: int
) -> None:
    """The archive stays sound: sizes match contents, and the next file is where it belongs."""
    (root / "a-shrinks").write_bytes(b"y" * size)
    (root / "b-stays").write_text("stays")
    calls = iter(range(1000))

    def shrink() -> None:
        if next(calls) == 0:
            os.truncate(root / "a-shrinks", 10)

    packed = pack(request(root, tmp_path / "archive", kind), shrink)
    found = contents(packed, kind)
    assert found["b-stays"] == b"stays"
    assert found["a-shrinks"].rstrip(b"\0") == b"y" * 10
    assert packed.notes.changed == 1
    assert "1 changed while read" in packed.notes.sentence()


@both
@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_a_file_that_grows_while_it_is_read_is_packed_as_it_was(
    root: Path, tmp_path: Path, kind: Format, size: int
) -> None:
    """A log that is written to all the time must not keep the courier for ever."""
    (root / "log").write_bytes(b"y" * size)

    def grow() -> None:
        with (root / "log").open("ab") as file:
            file.write(b"z" * 5000)

    packed = pack(request(root, tmp_path / "archive", kind), grow)
    assert contents(packed, kind)["log"] == b"y" * size


@both
def test_names_that_are_no_utf8_survive(root: Path, tmp_path: Path, kind: Format) -> None:
    """Raw bytes in the archive, escaped in the list, which is JSON."""
    for name in (b"caf\xe9", b"\xff\xfe" + b"x" * 120):
        with open(os.path.join(os.fsencode(root), name), "wb") as file:
            file.write(name)
    packed = pack(request(root, tmp_path / "archive", kind))
    assert json.loads(packed.manifest)["files"][0]["path"] == "caf\\xe9"
    out = tmp_path / "out"
    out.mkdir()
    if kind == "Zip":
        subprocess.run(["unzip", "-tq", packed.path], check=True)
        with zipfile.ZipFile(packed.path) as archive:
            assert archive.infolist()[0].orig_filename.encode("cp437") == b"caf\xe9"
    else:
        data = zstandard.ZstdDecompressor().stream_reader(packed.path.read_bytes()).read()
        subprocess.run(["tar", "x", "-C", out], input=data, check=True)
        assert sorted(os.listdir(os.fsencode(out))) == sorted(os.listdir(os.fsencode(root)))


def test_a_tree_that_is_too_deep_or_too_long_is_cut_and_named(root: Path, tmp_path: Path) -> None:
    """Deeper than descriptors and PATH_MAX go: made with relative steps, as an attacker would."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    packed = pack(request(root, tmp_path / "archive", "Zip"))
    assert packed.notes.skipped == 1
    assert "deeper than" in packed.notes.named[0][1]


def test_more_entries_than_memory_allows_are_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of empty files cost nothing on the disk."""
    monkeypatch.setattr(walk, "MAX_ENTRIES", 100)
    for number in range(101):
        (root / str(number)).touch()
    with pytest.raises(ArchiveTooLargeError, match="files and folders"):
        pack(request(root, tmp_path / "archive", "Zip"))


def test_what_is_excluded_is_not_even_opened(root: Path) -> None:
    """A folder that is left out may be unreadable or endless."""
    (root / "node_modules" / "deep").mkdir(parents=True)
    os.mkfifo(root / "x.pipe")
    entries = list(Walk(root, compile_excludes(["node_modules", "*.pipe"]), notes := Notes()))
    assert (entries, notes.special) == ([], 0)


def test_nothing_stays_open_when_a_walk_is_given_up(root: Path) -> None:
    """A courier that stops half-way must not leak descriptors."""
    (root / "a" / "b").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    entries = iter(Walk(root, compile_excludes([]), Notes()))
    assert next(entries).kind is Kind.FOLDER
    del entries
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_archive_in_the_way_is_not_overwritten(root: Path, tmp_path: Path) -> None:
    """O_EXCL: what lies at the target is not ours."""
    (tmp_path / "archive").symlink_to("/etc/hostname")
    with pytest.raises(Exception, match="cannot be created"):
        pack(PackRequest(root, tmp_path / "archive", "Zip", compile_excludes([]), 1 << 20, 1 << 20))
