"""What a tool is: its arguments are a pydantic model whose docstring the model reads, and whose `run` does the work."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from agentjob_runtime.tools.process import ProcessRunner

if TYPE_CHECKING:
    from agentjob_runtime.tools.display import Display


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
"""Text that can be an argument of a program or a path."""


@dataclass(frozen=True)
class ToolOutput:
    """The result of a call."""

    text: str
    ok: bool = True
    exit_code: int | None = None
    truncated: bool = False
    timed_out: bool = False
    image: str = ""
    """A picture for models that take images, as a data URL."""


@dataclass(frozen=True)
class Verdict:
    """What `finish` says."""

    success: bool
    summary: str


@dataclass
class ToolContext:
    """What the tools share during a run."""

    workspace: Path
    home: Path
    runner: ProcessRunner
    environment: dict[str, str]
    roots: tuple[Path, ...]
    """Folders that file tools may touch."""
    readable: tuple[Path, ...] = ()
    """Folders that may be read besides: the full outputs of commands."""
    seen: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Files the model has seen, with (mtime in ns, size) at that time: only these may be edited."""
    display: "Display | None" = None
    """The desktop; None when it is off."""
    verdict: Verdict | None = None
    """Set by `finish`."""


class Tool(BaseModel):
    """Arguments of one call. Subclasses are the tools; fields carry the descriptions for the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: ClassVar[str]

    def run(self, context: ToolContext) -> ToolOutput:
        """Does it. Raises `ToolError`, `OSError`, or `RunEnded` when the run was told to end meanwhile."""
        raise NotImplementedError


def function_schema(tool: type[Tool]) -> dict[str, Any]:
    """The tool as an element of the request's `tools`."""
    schema = tool.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for definition in schema.get("properties", {}).values():
        definition.pop("title", None)
    description = " ".join((tool.__doc__ or "").split())
    return {"type": "function", "function": {"name": tool.name, "description": description, "parameters": schema}}
