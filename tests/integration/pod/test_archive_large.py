"""Archives beyond the limits of 16 and 32 bits: too slow for the unit tests."""

import subprocess
import zipfile
from pathlib import Path

from agentjob_runtime.archive.pack import PackRequest, pack
from agentjob_runtime.archive.patterns import compile_excludes


def test_more_entries_than_16_bits_count_need_zip64(tmp_path: Path) -> None:
    """70,000 files: the end records change their form."""
    root = tmp_path / "many"
    for number in range(70):
        (root / str(number)).mkdir(parents=True)
        for name in range(1000):
            (root / str(number) / str(name)).touch()
    packed = pack(PackRequest(root, tmp_path / "a.zip", "Zip", compile_excludes([]), 1 << 30, 1 << 40))
    with zipfile.ZipFile(packed.path) as archive:
        assert len(archive.namelist()) == 70_070
    assert b'"truncated":true' in packed.manifest


def test_a_file_beyond_4_gib_needs_zip64(tmp_path: Path) -> None:
    """A sparse file that is larger: sizes that 32 bits cannot hold, in descriptor and directory."""
    root, size = tmp_path / "root", (4 << 30) + 1
    root.mkdir()
    with (root / "sparse").open("wb") as file:
        file.truncate(size)
    packed = pack(PackRequest(root, tmp_path / "a.zip", "Zip", compile_excludes([]), 1 << 30, 1 << 40))
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.getinfo("sparse").file_size == size
    listing = subprocess.run(["unzip", "-l", packed.path], capture_output=True, text=True, check=True).stdout
    assert str(size) in listing
