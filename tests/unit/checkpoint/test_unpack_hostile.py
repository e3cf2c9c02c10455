"""Tars that a hostile store or agent could make: none writes outside, follows a link, or fills the disk."""

import io
import tarfile
from pathlib import Path

import pytest
import zstandard
from agentjob_runtime.checkpoint.unpack import UnpackError, unpack


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, target: str = "") -> tarfile.TarInfo:
    """One entry's header."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, size, target, 0o4777
    return info


def tar_of(*members: tarfile.TarInfo) -> io.BytesIO:
    """A compressed tar whose files hold x."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(b"x" * each.size))
    return io.BytesIO(zstandard.compress(plain.getvalue()))


LINK = member("workspace/link", tarfile.SYMTYPE, target="/")
FOLDER_LINK = member("workspace/out", tarfile.SYMTYPE, target="../outside")


@pytest.mark.parametrize(
    "members",
    [
        (member("workspace/../../outside/evil", size=1),),
        (member("/workspace/evil", size=1),),
        (member("outside/evil", size=1),),
        (member("workspace", tarfile.DIRTYPE),),
        (FOLDER_LINK, member("workspace/out/evil", size=1)),
        (FOLDER_LINK, member("workspace/out", size=1)),
        (LINK, member("workspace/hard", tarfile.LNKTYPE, target="workspace/link")),
        (member("workspace/null", tarfile.CHRTYPE),),
        (member("workspace/pipe", tarfile.FIFOTYPE),),
        (member("workspace/big", size=2 << 20),),
        (member("workspace/" + "d/" * 400 + "deep", size=1),),
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    """Parents, absolute paths, other folders, links as folders, hard links, devices, floods, endless depth."""
    for name in ("workspace", "session", "outside"):
        (tmp_path / name).mkdir()
    with pytest.raises((UnpackError, OSError)):
        unpack(tar_of(*members), tmp_path / "workspace", tmp_path / "session", 1 << 20)
    assert list((tmp_path / "outside").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "session", "workspace"]


def test_what_is_no_tar_is_refused(tmp_path: Path) -> None:
    """Rubbish, and a frame that ends early."""
    for data in (b"rubbish", zstandard.compress(b"rubbish" * 1000), tar_of(LINK).getvalue()[:20]):
        with pytest.raises(UnpackError):
            unpack(io.BytesIO(data), tmp_path, tmp_path, 1 << 20)


def test_modes_beyond_execution_are_not_restored(tmp_path: Path) -> None:
    """A checkpoint brings no setuid bit."""
    (tmp_path / "workspace").mkdir()
    unpack(tar_of(member("workspace/tool", size=1)), tmp_path / "workspace", tmp_path, 1 << 20)
    assert (tmp_path / "workspace/tool").stat().st_mode & 0o7777 == 0o755
