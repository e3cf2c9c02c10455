"""`install_package`."""

import re
from dataclasses import replace
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.python_env import ensure_virtualenv
from agentjob_runtime.tools.run_shell import describe

TIMEOUT_SECONDS: Final = 900
PYTHON_PACKAGE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])?((==|>=|<=|!=|~=|<|>)[A-Za-z0-9.*+!_-]+(,(==|>=|<=|!=|~=|<|>)[A-Za-z0-9.*+!_-]+)*)?"
)
"""Name, extras and version clauses of PEP 508: no option, URL, path or marker."""
NPM_PACKAGE: Final = re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9.^~<>=*|_-]+)?")
"""Name, scope, and version or tag: no option, URL, path or Git reference."""

UNREACHABLE: Final = re.compile(
    r"NewConnectionError|ConnectTimeoutError|NameResolutionError|ProxyError|error sending request|dns error"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT"
)
"""What pip (urllib3), uv (reqwest) and npm (Node) print of a registry that they do not reach."""
UNREACHABLE_HINT: Final = (
    "[The package registry could not be reached: this pod may have no way to it. Go on with what is installed, or say in "
    "your result what is missing; trying again will not help.]"
)


def check_names(manager: str, names: tuple[str, ...]) -> None:
    """Raises `ToolError` for anything but a package's name with a version."""
    allowed = NPM_PACKAGE if manager == "npm" else PYTHON_PACKAGE
    for name in names:
        if not allowed.fullmatch(name):
            raise ToolError(f"{name!r} is not a package name: give names with versions only, or use run_shell")


class InstallPackage(Tool):
    """Install packages: with pip or uv into a virtual environment that execute_python, test_code and run_shell use (the
    workspace's .venv if there is one), with npm into the package.json of a folder.
    """

    name: ClassVar[str] = "install_package"
    manager: Literal["pip", "uv", "npm"] = Field(description="The package manager.")
    packages: tuple[Annotated[Text, Field(min_length=1, max_length=200)], ...] = Field(
        min_length=1, max_length=50, description="Names, with versions where wanted: requests==2.32.0, react@19."
    )
    dev: bool = Field(default=False, description="npm only: save as development dependencies.")
    working_directory: Text = Field(default=".", description="npm only: the folder of package.json.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        check_names(self.manager, self.packages)
        folder = context.workspace / self.working_directory
        done = context.runner.run(self._command(context), folder, context.environment, TIMEOUT_SECONDS)
        output = describe(done, TIMEOUT_SECONDS)
        if done.exit_code == 0 or not UNREACHABLE.search(done.text):
            return output
        return replace(output, text=f"{UNREACHABLE_HINT}\n{output.text}")

    def _command(self, context: ToolContext) -> list[str]:
        match self.manager:
            case "npm":
                return ["npm", "install", *(["--save-dev"] if self.dev else []), "--", *self.packages]
            case "uv":
                python = ensure_virtualenv(context, "uv") / "bin/python"
                return ["uv", "pip", "install", "--python", str(python), "--", *self.packages]
            case "pip":
                python = ensure_virtualenv(context, "pip") / "bin/python"
                return [str(python), "-m", "pip", "install", "--", *self.packages]
