"""Downloads the archive by the URL in status, compares its SHA-256 and lists what is in it."""

import hashlib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.shell import DemoError

CHUNK = 1 << 20


def download(console: Console, job: dict[str, Any], folder: Path) -> Path:
    """The archive of `job` under `folder`. Raises `DemoError` when its SHA-256 is not the one in status."""
    artifacts = job["status"]["artifacts"]
    target = folder / str(artifacts["workspace"]["key"]).rsplit("/", 1)[-1]
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with urllib.request.urlopen(artifacts["downloadURL"], timeout=60) as source, target.open("wb") as sink:  # noqa: S310 - the URL of our own store
        while block := source.read(CHUNK):
            digest.update(block)
            sink.write(block)
    if digest.hexdigest() != artifacts["workspace"]["sha256"]:
        raise DemoError(f"{target}: SHA-256 is {digest.hexdigest()}, status says {artifacts['workspace']['sha256']}")
    console.print(
        f"  {target.stat().st_size:,} bytes, SHA-256 [green]{digest.hexdigest()}[/] as in status", highlight=False
    )
    return target


def list_files(console: Console, archive: Path) -> None:
    """A table of the files in a Zip archive."""
    table = Table("file", "bytes", box=None, header_style="bold", pad_edge=True)
    table.columns[1].justify = "right"
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            table.add_row(info.filename, f"{info.file_size:,}")
    console.print(table)
