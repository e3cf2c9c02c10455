"""`test_code`."""

import os
import shlex
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from agentjob_runtime.common.files import read_regular
from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.python_env import find_python
from agentjob_runtime.tools.run_shell import MAX_COMMAND, MAX_TIMEOUT_SECONDS, describe
from agentjob_runtime.tools.test_detection import detect, summary_lines

MAX_PROJECT_FILE = 1_000_000


def _content(folder: Path, name: str, names: list[str]) -> str:
    return read_regular(folder / name, MAX_PROJECT_FILE).decode("utf-8", "replace") if name in names else ""


def detected_command(folder: Path, python: str) -> list[str]:
    """The project's own test command. Raises `ToolError` when none can be seen, or `OSError`."""
    names = os.listdir(folder)
    command = detect(names, _content(folder, "package.json", names), _content(folder, "Makefile", names), python)
    if command is None:
        raise ToolError("no tests were found (pytest, npm test, go test, cargo test, make test): give the command")
    return command


class TestCode(Tool):
    """Run a project's tests and return a summary, their output and the exit code. Without a command, pytest, npm test,
    go test, cargo test or make test is chosen by the files in the folder.
    """

    __test__: ClassVar[bool] = False  # not a test of ours, whatever pytest thinks of its name
    name: ClassVar[str] = "test_code"
    command: Text = Field(default="", max_length=MAX_COMMAND, description="A bash command; empty to find out.")
    working_directory: Text = Field(default=".", description="The project's folder; relative to the workspace.")
    timeout_seconds: int = Field(
        default=600, ge=1, le=MAX_TIMEOUT_SECONDS, description="The tests are killed after this time."
    )

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        folder = context.workspace / self.working_directory
        argv = ["bash", "-c", self.command] if self.command else detected_command(folder, find_python(context))
        done = context.runner.run(argv, folder, context.environment, self.timeout_seconds)
        output = describe(done, self.timeout_seconds)
        ran = self.command or shlex.join(argv)
        verdict = "did not end" if done.timed_out else "passed" if output.ok else "failed"
        head = [f"[{ran}: {verdict}]", *summary_lines(done.text)]
        return ToolOutput(
            "\n".join([*head, "", output.text]), output.ok, output.exit_code, output.truncated, output.timed_out
        )
