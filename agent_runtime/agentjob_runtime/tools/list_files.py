"""`list_files`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.confine import readable

SKIPPED: Final = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".tox"}
)
"""Folders that are named but not entered, by list_files and search_files."""
MAX_ENTRIES: Final = 500


def walk(folder: Path, depth: int, prefix: str = "") -> Iterator[str]:
    """Names below `folder`, sorted, folders with a slash; no link is followed. Raises `OSError` for `folder` only."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = prefix + entry.name
        if entry.is_symlink():
            yield f"{name} -> {os.readlink(entry.path)}"
        elif not entry.is_dir():
            yield name
        elif entry.name in SKIPPED:
            yield f"{name}/ (not listed)"
        else:
            yield f"{name}/"
            if depth > 1:
                yield from _below(Path(entry.path), depth - 1, f"{name}/")


def _below(folder: Path, depth: int, prefix: str) -> Iterator[str]:
    try:
        yield from walk(folder, depth, prefix)
    except OSError as error:
        yield f"{prefix} (cannot be read: {error.strerror})"


class ListFiles(Tool):
    """List files and folders below a folder. Version control, caches and installed dependencies are not entered."""

    name: ClassVar[str] = "list_files"
    path: Text = Field(default=".", description="The folder; relative to the workspace, or absolute.")
    depth: int = Field(default=3, ge=1, le=20, description="How many levels to go down.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        lines: list[str] = []
        for line in walk(readable(context, self.path), self.depth):
            if len(lines) == MAX_ENTRIES:
                note = f"[only the first {MAX_ENTRIES} are shown: list a folder of it, or lower depth]"
                return ToolOutput("\n".join([*lines, note]), truncated=True)
            lines.append(line)
        return ToolOutput("\n".join(lines) or "[The folder is empty.]")
