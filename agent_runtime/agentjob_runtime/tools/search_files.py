"""`search_files`."""

import os
import shutil
import sys
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.confine import readable
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.list_files import SKIPPED

TIMEOUT_SECONDS: Final = 60
MAX_MATCHES: Final = 100
FALLBACK: Final = Path(__file__).with_name("search_fallback.py")


def ripgrep_command(program: str, pattern: str, path: str, glob: str) -> list[str]:
    """Every value is behind an option or `--`, so that none can be an option itself."""
    command = [program, "--line-number", "--with-filename", "--no-heading", "--color=never", "--hidden", "--no-config"]
    command += ["--sort=path", "--max-columns=300", "--max-columns-preview", "--max-filesize=5M"]
    command += [f"--glob={glob}"] if glob else []
    command += [f"--glob=!{folder}/" for folder in sorted(SKIPPED)]
    return [*command, f"--regexp={pattern}", "--", path]


def python_command(pattern: str, path: str, glob: str) -> list[str]:
    """The same search without ripgrep, with Python's regular expressions."""
    return [sys.executable, "-I", str(FALLBACK), pattern, path, glob, *sorted(SKIPPED)]


class SearchFiles(Tool):
    """Search the text of files for a regular expression. Gives path:line:text. Version control, installed
    dependencies, caches and what .gitignore names are left out.
    """

    name: ClassVar[str] = "search_files"
    pattern: Text = Field(min_length=1, max_length=2000, description="A regular expression.")
    path: Text = Field(default=".", description="A folder or file; relative to the workspace, or absolute.")
    glob: Text = Field(default="", max_length=500, description="Only files that match, such as *.py or src/**/*.ts.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        path = readable(context, self.path)
        if not os.path.lexists(path):
            raise ToolError(f"{self.path} does not exist")
        shown = os.path.relpath(path, context.workspace) if path.is_relative_to(context.workspace) else str(path)
        program = shutil.which("rg", path=context.environment["PATH"])
        command = (
            ripgrep_command(program, self.pattern, shown, self.glob)
            if program
            else python_command(self.pattern, shown, self.glob)
        )
        done = context.runner.run(command, context.workspace, context.environment, TIMEOUT_SECONDS)
        if done.timed_out:
            raise ToolError(f"the search took more than {TIMEOUT_SECONDS} s: search a smaller folder")
        if done.exit_code == 1 and not done.text:
            return ToolOutput("[Nothing found.]")
        lines = done.text.splitlines()
        note = (
            [f"[only the first {MAX_MATCHES} lines are shown: narrow the search]"] if len(lines) > MAX_MATCHES else []
        )
        return ToolOutput(
            "\n".join([*lines[:MAX_MATCHES], *note]), ok=done.exit_code == 0, truncated=bool(note) or done.truncated
        )
