"""`write_file`."""

import os
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.confine import writable
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.read_file import remember


def require_seen(context: ToolContext, path: Path) -> None:
    """Raises `ToolError` unless the model knows the file as it is now."""
    known = context.seen.get(path)
    status = path.stat()
    if known is None:
        raise ToolError(f"{path} was not read yet: read it with read_file first")
    if known != (status.st_mtime_ns, status.st_size):
        raise ToolError(f"{path} changed since it was read: read it again with read_file first")


def store(context: ToolContext, path: Path, text: str) -> None:
    """Writes the file in place, which keeps its mode and links, and notes that the model knows it. Raises `OSError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK
    with os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(text.encode("utf-8"))
    remember(context, path)


class WriteFile(Tool):
    """Write a whole file, with the folders above it. An existing file must have been read before; to change a part of
    it, use edit_file.
    """

    name: ClassVar[str] = "write_file"
    path: Text = Field(min_length=1, description="The file; relative to the workspace, or absolute.")
    content: str = Field(description="All of the file's text.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        path = writable(context, self.path)
        existed = path.exists()
        if existed and not path.is_file():
            raise ToolError(f"{self.path} is not a regular file")
        if existed and path.stat().st_size:
            require_seen(context, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        store(context, path, self.content)
        lines = self.content.count("\n") + (not self.content.endswith("\n") and bool(self.content))
        return ToolOutput(f"{'Overwrote' if existed else 'Created'} {self.path} ({lines} lines)")
