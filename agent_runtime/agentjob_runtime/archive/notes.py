"""What could not be packed as it was, told later in the report and in `files.json`."""

from dataclasses import dataclass, field

NAMED_MAX = 100
"""How many paths are named; all are counted."""


@dataclass
class Notes:
    """Filled while walking and reading."""

    special: int = 0
    """Sockets, pipes and devices: left out."""
    skipped: int = 0
    """Files and folders that could not be read or stored: left out."""
    changed: int = 0
    """Files that shrank while they were read: packed with what was there (tar: padded with zeros)."""
    named: list[tuple[str, str]] = field(default_factory=list)
    """Path and why, of the first `NAMED_MAX` skipped or changed ones."""

    def skip(self, path: bytes, why: str) -> None:
        """Counts and names something left out."""
        self.skipped += 1
        self._name(path, why)

    def shrink(self, path: bytes) -> None:
        """Counts and names a file that shrank while it was read."""
        self.changed += 1
        self._name(path, "it shrank while it was read")

    def _name(self, path: bytes, why: str) -> None:
        if len(self.named) < NAMED_MAX:
            self.named.append((readable(path), why))

    def sentence(self) -> str:
        """For the report; empty when everything was packed as it was."""
        parts = []
        if self.skipped:
            path, why = next(iter(self.named), ("", ""))
            parts.append(f"{self.skipped} left out (first: {path}: {why})")
        if self.changed:
            parts.append(f"{self.changed} changed while read")
        if self.special:
            parts.append(f"{self.special} sockets, pipes or devices left out")
        return "; ".join(parts)


def readable(path: bytes) -> str:
    """A path as text that is always valid UTF-8: foreign bytes become `\\xNN`."""
    return path.decode("utf-8", "backslashreplace")
