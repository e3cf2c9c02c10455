"""`run_shell`."""

from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.process import Completed

MAX_TIMEOUT_SECONDS: Final = 1800
DEFAULT_TIMEOUT_SECONDS: Final = 120
MAX_COMMAND: Final = 100_000
"""Characters; the kernel takes 128 KiB in one argument (MAX_ARG_STRLEN)."""


def describe(done: Completed, timeout: int) -> ToolOutput:
    """A command's end as the model reads it: output, notes about what is missing, and the exit code last."""
    notes = []
    if done.truncated and done.file:
        notes.append(f"The output had {done.total_bytes:,} bytes. In full (up to 16 MiB): {done.file}")
    elif done.truncated:
        notes.append(f"The output had {done.total_bytes:,} bytes and could not be kept in full.")
    if done.held_open:
        notes.append("A background process still has the output open; what it prints from now on is not shown.")
    if done.timed_out:
        notes.append(
            f"Killed after {timeout} s. Raise timeout_seconds, do less at once, or run a server in the background "
            "with its output in a file: command >log 2>&1 &"
        )
    else:
        notes.append(f"exit code: {done.exit_code}")
    text = done.text if not done.text or done.text.endswith("\n") else done.text + "\n"
    return ToolOutput(
        text=text + "\n".join(f"[{note}]" for note in notes),
        ok=done.exit_code == 0,
        exit_code=done.exit_code,
        truncated=done.truncated,
        timed_out=done.timed_out,
    )


class RunShell(Tool):
    """Run a command with bash in a new shell and return its output (stdout and stderr together) and exit code.
    There is no terminal and no input: use flags such as --yes. Nothing but files survives from one call to the next:
    no variable, no working directory. Start servers in the background with their output in a file.
    """

    name: ClassVar[str] = "run_shell"
    command: Text = Field(min_length=1, max_length=MAX_COMMAND, description="A bash command line or script.")
    working_directory: Text = Field(default=".", description="Where it runs; relative to the workspace.")
    timeout_seconds: int = Field(
        default=DEFAULT_TIMEOUT_SECONDS, ge=1, le=MAX_TIMEOUT_SECONDS, description="It is killed after this time."
    )

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        folder = context.workspace / self.working_directory
        argv = ["bash", "-c", self.command]
        done = context.runner.run(argv, folder, context.environment, self.timeout_seconds)
        return describe(done, self.timeout_seconds)
