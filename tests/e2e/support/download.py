"""Downloads the archive of an AgentJob as a user does: by the URL in its status."""

import hashlib
import subprocess
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import zstandard

from e2e.support.api import Json
from e2e.support.tenant import status


@dataclass(frozen=True)
class Archive:
    """A downloaded archive whose size and SHA-256 are those of the status."""

    path: Path

    def unpack(self, folder: Path) -> Path:
        """Everything in it, under `folder`, by the tools that people use."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.suffix == ".zip":
            subprocess.run(["unzip", "-q", str(self.path), "-d", str(folder)], check=True)
        else:
            tar = zstandard.ZstdDecompressor().decompress(self.path.read_bytes(), max_output_size=1 << 30)
            subprocess.run(["tar", "-x", "-C", str(folder)], input=tar, check=True)
        return folder

    def names(self) -> list[str]:
        """The files in a Zip archive."""
        with zipfile.ZipFile(self.path) as opened:
            return opened.namelist()

    def read(self, name: str) -> bytes:
        """One file of a Zip archive."""
        with zipfile.ZipFile(self.path) as opened:
            return opened.read(name)


def download(job: Json, folder: Path) -> Archive:
    """The archive of a finished AgentJob under `folder`, compared with its status, and tested by `unzip -t` if it is a Zip."""
    artifacts = status(job)["artifacts"]
    path = folder / artifacts["workspace"]["key"].rpartition("/")[2]
    with urllib.request.urlopen(artifacts["downloadURL"], timeout=60) as response:  # noqa: S310 - the URL of our own store
        path.write_bytes(response.read())
    content = path.read_bytes()
    assert len(content) == artifacts["workspace"]["bytes"]
    assert hashlib.sha256(content).hexdigest() == artifacts["workspace"]["sha256"]
    if path.suffix == ".zip":
        subprocess.run(["unzip", "-tq", str(path)], check=True, stdout=subprocess.DEVNULL)
    return Archive(path)
