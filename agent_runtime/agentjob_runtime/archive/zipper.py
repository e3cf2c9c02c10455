"""Writes a ZIP: small files are deflated in batches, large ones in pieces, by a small thread pool; all are written in order.

isal and zlib let go of the GIL while they work. A large file is a row of deflate blocks, each flushed to a whole byte, so its pieces can
be packed side by side; its CRC and sizes follow in a descriptor, because a file may shrink while it is read.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

from isal import isal_zlib

from agentjob_runtime.archive import zipformat
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.reading import InputBudget, read_exactly, read_small
from agentjob_runtime.archive.sink import Sink
from agentjob_runtime.archive.walk import Entry, Kind
from agentjob_runtime.archive.zipformat import Member

PIECE: Final = 1 << 20
"""Files longer than this are packed in pieces of it."""
_BATCH_BYTES: Final = 256 << 10
_BATCH_FILES: Final = 64
_IN_FLIGHT: Final = 16 << 20
"""Bytes read and not yet written: the bound of the memory in use."""
_LEVEL: Final = 1
_RAW: Final = -15
_LAST_BLOCK: Final = b"\x03\x00"
"""An empty final deflate block."""


class _Packed(NamedTuple):
    method: int
    data: bytes
    crc: int


def _deflate_small(blobs: list[bytes]) -> list[_Packed]:
    packed = []
    for blob in blobs:
        data = isal_zlib.compress(blob, _LEVEL, _RAW) if len(blob) > 32 else blob
        smaller = len(data) < len(blob)
        method = zipformat.DEFLATED if smaller else zipformat.STORED
        packed.append(_Packed(method, data if smaller else blob, isal_zlib.crc32(blob)))
    return packed


def _deflate_piece(piece: bytes) -> bytes:
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW)
    return packer.compress(piece) + packer.flush(isal_zlib.Z_FULL_FLUSH)


class ZipWriter:
    """Packs entries into `sink`."""

    def __init__(self, sink: Sink, budget: InputBudget, notes: Notes, threads: int) -> None:
        self._sink, self._budget, self._notes, self._threads = sink, budget, notes, threads
        self._central = bytearray()
        self._count = 0
        self._names: list[tuple[bytes, int]] = []
        self._blobs: list[bytes] = []
        self._batched = 0
        self._pending: deque[tuple[int, Callable[[], None]]] = deque()
        self._in_flight = 0

    def write(self, entries: Iterable[Entry]) -> None:
        """Packs all entries and closes the archive. Raises what sink, budget and entries raise."""
        with ThreadPoolExecutor(self._threads, "deflate") as self._pool:
            for entry in entries:
                self._take(entry)
            self._end_batch()
            self._drain(0)
        offset = self._sink.written
        self._sink.write(bytes(self._central))
        self._sink.write(zipformat.end_records(self._count, len(self._central), offset))

    def _take(self, entry: Entry) -> None:
        if entry.kind is Kind.FOLDER:
            self._batch(entry.path + b"/", zipformat.FOLDER_MODE, b"")
        elif entry.kind is Kind.LINK:
            self._batch(entry.path, zipformat.LINK_MODE, entry.target)
        else:
            try:
                self._budget.take(entry.size)
                self._file(entry)
            finally:
                os.close(entry.fd)

    def _file(self, entry: Entry) -> None:
        mode = zipformat.EXECUTABLE_MODE if entry.executable else zipformat.FILE_MODE
        if entry.size > PIECE:
            self._large(entry, mode)
            return
        data = read_small(entry, self._notes)
        if data is not None:
            self._batch(entry.path, mode, data)

    def _batch(self, name: bytes, mode: int, data: bytes) -> None:
        self._names.append((name, mode))
        self._blobs.append(data)
        self._batched += len(data)
        if self._batched >= _BATCH_BYTES or len(self._names) >= _BATCH_FILES:
            self._end_batch()

    def _end_batch(self) -> None:
        if self._names:
            future = self._pool.submit(_deflate_small, self._blobs)
            self._queue(self._batched, partial(self._emit_batch, self._names, self._blobs, future))
            self._names, self._blobs, self._batched = [], [], 0

    def _large(self, entry: Entry, mode: int) -> None:
        self._end_batch()
        stream = _Stream(entry.path, mode, entry.size)
        self._queue(0, partial(self._emit_start, stream))
        missing = entry.size
        while missing:
            self._budget.checkpoint()
            try:
                piece = read_exactly(entry.fd, min(PIECE, missing))
            except OSError:
                piece = b""
            if not piece:
                self._notes.shrink(entry.path)
                break
            missing -= len(piece)
            stream.crc, stream.size = isal_zlib.crc32(piece, stream.crc), stream.size + len(piece)
            self._queue(len(piece), partial(self._emit_piece, stream, self._pool.submit(_deflate_piece, piece)))
        self._queue(0, partial(self._emit_end, stream))

    def _queue(self, weight: int, emit: Callable[[], None]) -> None:
        self._pending.append((weight, emit))
        self._in_flight += weight
        self._drain(_IN_FLIGHT)

    def _drain(self, down_to: int) -> None:
        while self._pending and (self._in_flight > down_to or not down_to or len(self._pending) > 256):
            weight, emit = self._pending.popleft()
            emit()
            self._in_flight -= weight

    def _emit_batch(self, names: list[tuple[bytes, int]], blobs: list[bytes], future: Future[list[_Packed]]) -> None:
        parts: list[bytes] = []
        offset = self._sink.written
        for (name, mode), blob, packed in zip(names, blobs, future.result(), strict=True):
            member = Member(name, mode, packed.method, packed.crc, len(packed.data), len(blob))
            header = zipformat.local_header(member)
            parts += (header, packed.data)
            self._record(member, offset)
            offset += len(header) + len(packed.data)
        self._sink.write(b"".join(parts))

    def _emit_start(self, stream: "_Stream") -> None:
        stream.offset = self._sink.written
        self._sink.write(zipformat.local_header(stream.member()))

    def _emit_piece(self, stream: "_Stream", future: Future[bytes]) -> None:
        data = future.result()
        stream.packed += len(data)
        self._sink.write(data)

    def _emit_end(self, stream: "_Stream") -> None:
        stream.packed += len(_LAST_BLOCK)
        member = stream.member()
        self._sink.write(_LAST_BLOCK + zipformat.descriptor(member))
        self._record(member, stream.offset)

    def _record(self, member: Member, offset: int) -> None:
        self._central += zipformat.central_header(member, offset)
        self._count += 1


class _Stream:
    """A large file on its way: what its descriptor will say."""

    def __init__(self, name: bytes, mode: int, announced: int) -> None:
        self._name, self._mode, self._announced = name, mode, announced
        self.crc = self.packed = self.size = self.offset = 0

    def member(self) -> Member:
        """The headers' view, complete once the last piece was written."""
        totals = (self.crc, self.packed, self.size)
        return Member(self._name, self._mode, zipformat.DEFLATED, *totals, streamed=True, announced=self._announced)
