"""Packs a tree into one file: the way into this package."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agentjob_runtime.archive.manifest import Manifest, cpu_threads
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.patterns import Excludes
from agentjob_runtime.archive.reading import InputBudget
from agentjob_runtime.archive.sink import Sink
from agentjob_runtime.archive.tarrer import TarZstdWriter
from agentjob_runtime.archive.walk import Walk
from agentjob_runtime.archive.zipper import ZipWriter


@dataclass(frozen=True)
class PackRequest:
    """What to pack, where to, and within which limits (bytes)."""

    root: Path
    target: Path
    """Must not exist; is there only when `pack` returns."""
    format: Literal["Zip", "TarZstd"]
    excludes: Excludes
    max_bytes: int
    max_input_bytes: int


@dataclass(frozen=True)
class Packed:
    """A whole archive on the disk."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hex."""
    files: int
    """Files and links in it."""
    manifest: bytes
    """`files.json`."""
    notes: Notes


def _no_checkpoint() -> None:
    """For callers with all the time in the world."""


def pack(request: PackRequest, checkpoint: Callable[[], None] = _no_checkpoint, threads: int | None = None) -> Packed:
    """Packs `request.root`. The same tree gives the same bytes, on any machine with the same library versions.

    `checkpoint` is called before each file and each MiB of a large one; it raises `ArchiveInterruptedError` to stop.
    Raises `ArchiveError`; then nothing is left on the disk.
    """
    notes, manifest = Notes(), Manifest()
    writer = ZipWriter if request.format == "Zip" else TarZstdWriter
    with Sink(request.target, request.max_bytes) as sink:
        entries = manifest.watch(Walk(request.root, request.excludes, notes))
        budget = InputBudget(request.max_input_bytes, checkpoint)
        writer(sink, budget, notes, threads or cpu_threads()).write(entries)
        sha256 = sink.finish()
    return Packed(request.target, sink.written, sha256, manifest.files, manifest.as_json(notes), notes)
