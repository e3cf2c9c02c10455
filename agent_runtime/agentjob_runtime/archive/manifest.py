"""`files.json`: what is in the archive, so that a reader can show it without downloading the archive."""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, Final

from agentjob_runtime.archive.notes import Notes, readable
from agentjob_runtime.archive.walk import Entry, Kind

LISTED_MAX: Final = 50_000
"""Entries listed; all are counted."""


class Manifest:
    """Collects while the entries pass by on their way into the archive."""

    def __init__(self) -> None:
        self.files = 0
        """Files and links."""
        self._listed: list[dict[str, Any]] = []

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Passes every entry on, and remembers files and links."""
        for entry in entries:
            if entry.kind is not Kind.FOLDER:
                self.files += 1
                if len(self._listed) < LISTED_MAX:
                    self._listed.append(_row(entry))
            yield entry

    def as_json(self, notes: Notes) -> bytes:
        """`{"files": [{"path", "bytes"} | {"path", "link"}], "count", "truncated", "omitted": [{"path", "why"}], …}`, UTF-8."""
        body = {
            "files": self._listed,
            "count": self.files,
            "truncated": self.files > len(self._listed),
            "omitted": [{"path": path, "why": why} for path, why in notes.named],
            "omittedCount": notes.skipped,
            "specialCount": notes.special,
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _row(entry: Entry) -> dict[str, Any]:
    if entry.kind is Kind.LINK:
        return {"path": readable(entry.path), "link": readable(entry.target)}
    return {"path": readable(entry.path), "bytes": entry.size}


def cpu_threads() -> int:
    """How many threads pack: the processors this process may use, between 1 and 4."""
    return max(1, min(4, len(os.sched_getaffinity(0))))
