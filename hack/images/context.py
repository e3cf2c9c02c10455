"""Files of the build context and their digest, with `.dockerignore` as Docker reads it (last matching line wins)."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path


class IgnoreRules:
    """The lines of a `.dockerignore`."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [_rule(line) for line in lines if line and not line.startswith("#")]

    def ignores(self, path: str) -> bool:
        """Whether the file `path` (relative, with slashes) is left out: by its own name or a folder's above it."""
        ignored = False
        for negated, pattern in self._rules:
            if pattern.match(path):
                ignored = not negated
        return ignored


def _rule(line: str) -> tuple[bool, re.Pattern[str]]:
    negated = line.startswith("!")
    parts = line.removeprefix("!").strip("/").split("/")
    expression = "/".join(_part(part) for part in parts).replace(".*/", "(?:.*/)?")
    return negated, re.compile(f"^{expression}(?:/.*)?$")


def _part(part: str) -> str:
    if part == "**":
        return ".*"
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter)) for letter in part)


def files_of(root: Path, sources: tuple[str, ...], rules: IgnoreRules) -> list[Path]:
    """The files that `COPY` of `sources` (paths and globs below `root`) takes, sorted; FileNotFoundError for none."""
    found: set[Path] = set()
    for source in sources:
        matches = sorted(root.glob(source.strip("/") or "*"))
        if not matches:
            raise FileNotFoundError(f"nothing in the repository matches COPY {source}")
        for match in matches:
            found.update([match] if not match.is_dir() else (path for path in match.rglob("*") if not path.is_dir()))
    return sorted(path for path in found if not rules.ignores(path.relative_to(root).as_posix()))


def digest_of(root: Path, files: list[Path], *more: str) -> str:
    """Sixteen hex digits over names, modes and contents of `files`, and over `more`."""
    digest = hashlib.sha256(repr(more).encode())
    for path in files:
        mode = path.lstat().st_mode
        content = str(path.readlink()).encode() if stat.S_ISLNK(mode) else path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {stat.S_IMODE(mode):o} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
