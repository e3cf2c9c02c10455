"""Which Python the agent's code runs in: the workspace's own .venv, else the agent's, else the image's."""

import os
from pathlib import Path
from typing import Literal

from agentjob_runtime.tools.base import ToolContext
from agentjob_runtime.tools.environment import virtualenv
from agentjob_runtime.tools.errors import StartError, ToolError

CREATE_SECONDS = 120


def find_python(context: ToolContext) -> str:
    """The interpreter to run; a bare `python3` is looked up in the tools' PATH."""
    for folder in (context.workspace / ".venv", virtualenv(context.home)):
        program = folder / "bin/python"
        if os.access(program, os.X_OK):
            return str(program)
    return "python3"


MAKERS = {
    "pip": (["python3", "-m", "venv"], ["uv", "venv", "--no-python-downloads", "--python=python3", "--seed"]),
    "uv": (["uv", "venv", "--no-python-downloads", "--python=python3"], ["python3", "-m", "venv"]),
}
"""What makes a virtual environment for each manager: the first that works; pip must be in it when it is for pip."""


def ensure_virtualenv(context: ToolContext, manager: Literal["pip", "uv"]) -> Path:
    """The virtual environment that packages go to, made when there is none: the image's own Python is not changed.

    Raises `ToolError` when it cannot be made.
    """
    own = context.workspace / ".venv"
    if os.access(own / "bin/python", os.X_OK):
        return own
    folder = virtualenv(context.home)
    if os.access(folder / "bin/python", os.X_OK):
        return folder
    attempts = []
    for command in MAKERS[manager]:
        argv = [*command, "--system-site-packages", str(folder)]
        try:
            done = context.runner.run(argv, context.workspace, context.environment, CREATE_SECONDS)
        except StartError as error:
            attempts.append(str(error))
            continue
        if done.exit_code == 0:
            return folder
        attempts.append(done.text)
    raise ToolError("cannot make a virtual environment:\n" + "\n".join(attempts))
