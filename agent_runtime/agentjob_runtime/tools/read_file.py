"""`read_file`."""

import os
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.common.files import open_regular
from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.confine import readable
from agentjob_runtime.tools.errors import ToolError

MAX_FILE_BYTES: Final = 10 * 1024 * 1024
MAX_TEXT: Final = 50_000
"""Characters of one result."""
MAX_LINE: Final = 2_000
"""Characters of one line."""


def remember(context: ToolContext, path: Path) -> None:
    """Notes that the model knows the file as it is now."""
    status = path.stat()
    context.seen[Path(os.path.realpath(path))] = (status.st_mtime_ns, status.st_size)


def read_text(path: Path) -> str:
    """A text file of bounded size. Raises `ToolError` for a binary or a giant, or `OSError`."""
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_FILE_BYTES:
            raise ToolError(f"{path} has {size:,} bytes, too many: use run_shell with head, tail, sed or rg")
        data = file.read(MAX_FILE_BYTES)
    if b"\0" in data[:8192]:
        raise ToolError(f"{path} is binary ({size:,} bytes): use run_shell with file, xxd or strings")
    return data.decode("utf-8", "replace")


def numbered(lines: list[str], offset: int, limit: int) -> tuple[str, int]:
    """The lines from `offset` (1-based) with their numbers, as many as fit; and the number of the last one shown."""
    shown: list[str] = []
    room = MAX_TEXT
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        text = f"{number:>6}\t{line if len(line) <= MAX_LINE else line[:MAX_LINE] + '… [line cut]'}"
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    return "\n".join(shown), offset + len(shown) - 1


class ReadFile(Tool):
    """Read a text file with line numbers. A file must have been read before it can be edited or overwritten."""

    name: ClassVar[str] = "read_file"
    path: Text = Field(min_length=1, description="The file; relative to the workspace, or absolute.")
    offset: int = Field(default=1, ge=1, description="The first line to show, counted from 1.")
    limit: int = Field(default=1000, ge=1, le=5000, description="How many lines to show at most.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        path = readable(context, self.path)
        lines = read_text(path).split("\n")
        if lines[-1] == "":
            lines.pop()
        remember(context, path)
        if not lines:
            return ToolOutput("[The file is empty.]")
        if self.offset > len(lines):
            raise ToolError(f"{self.path} has only {len(lines)} lines")
        text, last = numbered(lines, self.offset, self.limit)
        more = last < len(lines)
        if more:
            text += f"\n[{len(lines)} lines in all; go on with offset {last + 1}]"
        return ToolOutput(text, truncated=more)
