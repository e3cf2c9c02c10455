"""Packs workspace and session into one tar. Both may be hostile: nothing is followed out of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agentjob_api.checkpoint import SESSION, WORKSPACE

from agentjob_runtime.archive.errors import ArchiveTooLargeError
from agentjob_runtime.archive.manifest import Manifest, cpu_threads
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.pack import Packed
from agentjob_runtime.archive.patterns import Excludes, compile_excludes
from agentjob_runtime.archive.reading import InputBudget
from agentjob_runtime.archive.sink import Sink
from agentjob_runtime.archive.tarrer import TarZstdWriter
from agentjob_runtime.archive.walk import Entry, Walk

_EVERYTHING = compile_excludes(())


@dataclass(frozen=True)
class CheckpointRequest:
    """What to pack, where to, and within which limits (bytes)."""

    workspace: Path
    session_dir: Path
    target: Path
    """Must not exist; is there only when `pack_checkpoint` returns."""
    excludes: Excludes
    """Left out only when everything would be too large."""
    max_bytes: int
    max_input_bytes: int


def pack_checkpoint(request: CheckpointRequest, check_time: Callable[[], None]) -> Packed:
    """All of both, caches included: what the conversation believes to be there is there. Without `excludes` when that is too large.

    `check_time` raises `ArchiveInterruptedError` to stop. Raises `ArchiveError`; then nothing is left on the disk.
    """
    try:
        return _pack(request, _EVERYTHING, check_time)
    except ArchiveTooLargeError:
        return _pack(request, request.excludes, check_time)


def _pack(request: CheckpointRequest, excludes: Excludes, check_time: Callable[[], None]) -> Packed:
    notes, manifest = Notes(), Manifest()
    with Sink(request.target, request.max_bytes) as sink:
        budget = InputBudget(request.max_input_bytes, check_time)
        writer = TarZstdWriter(sink, budget, notes, cpu_threads())
        writer.write(manifest.watch(_entries(request, excludes, notes)))
        sha256 = sink.finish()
    return Packed(request.target, sink.written, sha256, manifest.files, manifest.as_json(notes), notes)


def _entries(request: CheckpointRequest, excludes: Excludes, notes: Notes) -> Iterator[Entry]:
    yield from _below(SESSION, Walk(request.session_dir, _EVERYTHING, notes, follow_root=False))
    yield from _below(WORKSPACE, Walk(request.workspace, excludes, notes))


def _below(folder: str, walk: Walk) -> Iterator[Entry]:
    prefix = folder.encode() + b"/"
    for entry in walk:
        yield entry._replace(path=prefix + entry.path)
