"""Exclude patterns, in the manner of `.gitignore` (https://git-scm.com/docs/gitignore#_pattern_format), without negation.

A pattern without a slash, or with one at its end only, matches a *name* at any depth: `node_modules`, `*.pyc`, `build/`.
A pattern with a slash at its start or in its middle matches a whole *path* from the workspace's root: `/dist`, `docs/*.pdf`.
A slash at the end restricts a pattern to folders. `*` and `?` match anything but a slash, `[a-z]` and `[!a-z]` one character.
`**/` matches any number of folders, also none; `/**` at the end everything inside. What matches is left out; a folder with all it holds.
A `[` that no `]` follows stands for itself. Negation (`!`) is refused, not ignored.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from agentjob_runtime.archive.errors import PatternError

_MAGIC = re.compile(r"[*?\[\\]")


@dataclass(frozen=True)
class Excludes:
    """Compiled patterns; names and paths are `str` as `os.fsdecode` gives them, paths without a leading slash."""

    plain_names: frozenset[str]
    any_name: re.Pattern[str] | None
    folder_name: re.Pattern[str] | None
    any_path: re.Pattern[str] | None
    folder_path: re.Pattern[str] | None

    def matches(self, name: str, prefix: bytes, folder: bool) -> bool:
        """Whether the entry `name` is left out; `prefix` is its folder's path, empty or with a slash at its end."""
        if name in self.plain_names or (self.any_name and self.any_name.fullmatch(name)):
            return True
        if folder and self.folder_name and self.folder_name.fullmatch(name):
            return True
        if not self.any_path and not self.folder_path:
            return False
        path = os.fsdecode(prefix) + name
        if self.any_path and self.any_path.fullmatch(path):
            return True
        return bool(folder and self.folder_path and self.folder_path.fullmatch(path))


def compile_excludes(patterns: Iterable[str]) -> Excludes:
    """Compiles patterns. Raises `PatternError`, which quotes the one that is empty or negated."""
    plain: set[str] = set()
    groups: dict[tuple[bool, bool], list[str]] = {(a, b): [] for a in (False, True) for b in (False, True)}
    for pattern in patterns:
        body, anchored, folder = _split(pattern)
        if not anchored and not folder and not _MAGIC.search(body):
            plain.add(body)
        else:
            groups[anchored, folder].append(_translate(body))
    return Excludes(
        plain_names=frozenset(plain),
        any_name=_union(groups[False, False]),
        folder_name=_union(groups[False, True]),
        any_path=_union(groups[True, False]),
        folder_path=_union(groups[True, True]),
    )


def _split(pattern: str) -> tuple[str, bool, bool]:
    if pattern.startswith("!"):
        raise PatternError(f"exclude pattern {pattern!r}: negation is not supported")
    folder = pattern.endswith("/")
    body = pattern.rstrip("/")
    if not body:
        raise PatternError(f"exclude pattern {pattern!r} is empty")
    return body.lstrip("/"), "/" in body, folder


def _union(expressions: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{e})" for e in expressions), re.DOTALL) if expressions else None


def _translate(body: str) -> str:
    """The regular expression of one pattern."""
    out: list[str] = []
    position = 0
    while position < len(body):
        part, position = _next_part(body, position)
        out.append(part)
    return "".join(out)


def _next_part(body: str, at: int) -> tuple[str, int]:
    at_start = at == 0 or body[at - 1] == "/"
    if at_start and body.startswith("**/", at):
        return "(?:[^/]+/)*", at + 3
    if at_start and body[at:] == "**":
        return ".+", at + 2
    char = body[at]
    if char == "*":
        return "[^/]*", at + (len(body[at:]) - len(body[at:].lstrip("*")))
    if char == "?":
        return "[^/]", at + 1
    if char == "[":
        return _bracket(body, at)
    if char == "\\" and at + 1 < len(body):
        return re.escape(body[at + 1]), at + 2
    return re.escape(char), at + 1


def _bracket(body: str, at: int) -> tuple[str, int]:
    negated = body[at + 1 : at + 2] in {"!", "^"}
    first = at + 1 + negated
    end = body.find("]", first + 1)
    inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", body[first:end])
    expression = f"(?!/)[{'^' if negated else ''}{inside}]"
    return (expression, end + 1) if end > 0 and _compiles(expression) else (r"\[", at + 1)


def _compiles(expression: str) -> bool:
    """False for a range that runs backwards."""
    try:
        re.compile(expression)
    except re.error:
        return False
    return True
