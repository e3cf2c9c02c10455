"""`execute_python`."""

import os
import tempfile
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.python_env import find_python
from agentjob_runtime.tools.run_shell import DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS, describe


class ExecutePython(Tool):
    """Run a Python script in the workspace and return its output and exit code. Print what you want to see. Nothing but
    files survives from one call to the next.
    """

    name: ClassVar[str] = "execute_python"
    code: str = Field(min_length=1, description="The script's text.")
    timeout_seconds: int = Field(
        default=DEFAULT_TIMEOUT_SECONDS, ge=1, le=MAX_TIMEOUT_SECONDS, description="It is killed after this time."
    )

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        handle, name = tempfile.mkstemp(prefix="script-", suffix=".py")
        script = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.code.encode("utf-8"))
            # a script's own folder comes first on sys.path: the workspace has to be named for its modules to be found
            found = [str(context.workspace), *filter(None, [context.environment.get("PYTHONPATH")])]
            environment = {**context.environment, "PYTHONPATH": ":".join(found)}
            argv = [find_python(context), "-u", str(script)]
            done = context.runner.run(argv, context.workspace, environment, self.timeout_seconds)
        finally:
            script.unlink(missing_ok=True)
        return describe(done, self.timeout_seconds)
