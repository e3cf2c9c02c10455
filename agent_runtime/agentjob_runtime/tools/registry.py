"""All tools, and how a call finds its own."""

from typing import Any, Final

from pydantic import ValidationError

from agentjob_runtime.session.messages import ToolCall
from agentjob_runtime.tools.base import Tool, function_schema
from agentjob_runtime.tools.click import Click
from agentjob_runtime.tools.edit_file import EditFile
from agentjob_runtime.tools.execute_python import ExecutePython
from agentjob_runtime.tools.finish import Finish
from agentjob_runtime.tools.install_package import InstallPackage
from agentjob_runtime.tools.list_files import ListFiles
from agentjob_runtime.tools.press_key import PressKey
from agentjob_runtime.tools.read_file import ReadFile
from agentjob_runtime.tools.run_shell import RunShell
from agentjob_runtime.tools.screenshot import Screenshot
from agentjob_runtime.tools.search_files import SearchFiles
from agentjob_runtime.tools.test_code import TestCode
from agentjob_runtime.tools.type_text import TypeText
from agentjob_runtime.tools.write_file import WriteFile

TOOLS: Final[tuple[type[Tool], ...]] = (
    RunShell,
    ReadFile,
    WriteFile,
    EditFile,
    ListFiles,
    SearchFiles,
    ExecutePython,
    InstallPackage,
    TestCode,
    Finish,
)
DESKTOP_TOOLS: Final[tuple[type[Tool], ...]] = (Screenshot, Click, TypeText, PressKey)
"""Only when the job has a desktop."""


class FormatError(Exception):
    """A call that cannot be understood: an unknown tool, or arguments that do not fit. The text tells the model."""


def available(desktop: bool) -> tuple[type[Tool], ...]:
    """The tools of a job."""
    return (*TOOLS, *DESKTOP_TOOLS) if desktop else TOOLS


def schemas(desktop: bool = False) -> list[dict[str, Any]]:
    """The request's `tools`."""
    return [function_schema(tool) for tool in available(desktop)]


def parse(call: ToolCall, desktop: bool = False) -> Tool:
    """The call with its arguments checked. Raises `FormatError`."""
    by_name = {tool.name: tool for tool in available(desktop)}
    tool = by_name.get(call.name)
    if tool is None:
        raise FormatError(f"There is no tool {call.name[:100]!r}. There are: {', '.join(by_name)}.")
    try:
        return tool.model_validate_json(call.arguments or "{}")
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}" for fault in error.errors()]
        raise FormatError(f"The arguments of {call.name} do not fit. " + "; ".join(faults[:10])) from error
