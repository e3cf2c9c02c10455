"""`edit_file`."""

import os
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from agentjob_runtime.common.files import read_regular
from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.confine import writable
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.read_file import MAX_FILE_BYTES
from agentjob_runtime.tools.write_file import require_seen, store


def replace_exactly(text: str, old: str, new: str, everywhere: bool) -> tuple[str, int]:
    """`text` with `old` replaced, and how often. Raises `ToolError` when `old` is missing or not unique."""
    if "\r\n" in text and "\r\n" not in old:  # the model sees and writes plain line ends
        old, new = old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")
    count = text.count(old)
    if count == 0:
        raise ToolError(_missing(text, old))
    if count > 1 and not everywhere:
        lines = _line_numbers(text, old)
        raise ToolError(
            f"old_string occurs {count} times (lines {', '.join(map(str, lines[:20]))}): add lines around it "
            "until it is unique, or set replace_all"
        )
    return text.replace(old, new), count


def _line_numbers(text: str, old: str) -> list[int]:
    numbers, position = [], text.find(old)
    while position >= 0:
        numbers.append(text.count("\n", 0, position) + 1)
        position = text.find(old, position + len(old))
    return numbers


def _missing(text: str, old: str) -> str:
    """Says why it may not have been found: most often white space or a line number that was copied with it."""
    if " ".join(old.split()) and " ".join(old.split()) in " ".join(text.split()):
        return "old_string is not in the file, but it is when white space is ignored: copy indentation and line ends"
    return "old_string is not in the file: read it again, and copy the text exactly, without line numbers"


def _read_strictly(path: Path) -> str:
    data = read_regular(path, MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ToolError(f"{path} is too large to edit: use run_shell with sed or a script")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ToolError(f"{path} is not UTF-8: use run_shell with sed or a script") from error


class EditFile(Tool):
    """Replace an exact piece of text in a file that was read before. The text must occur exactly once, unless
    replace_all is set.
    """

    name: ClassVar[str] = "edit_file"
    path: Text = Field(min_length=1, description="The file; relative to the workspace, or absolute.")
    old_string: str = Field(min_length=1, description="The text to replace, exactly, without line numbers.")
    new_string: str = Field(description="The text to put in its place.")
    replace_all: bool = Field(default=False, description="Replace every occurrence.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        if self.old_string == self.new_string:
            raise ToolError("old_string and new_string are the same")
        path = writable(context, self.path)
        if not os.path.lexists(path):
            raise ToolError(f"{self.path} does not exist: use write_file")
        text = _read_strictly(path)
        require_seen(context, path)
        changed, count = replace_exactly(text, self.old_string, self.new_string, self.replace_all)
        store(context, path, changed)
        return ToolOutput(f"Replaced {count} occurrence{'s' if count > 1 else ''} in {self.path}")
