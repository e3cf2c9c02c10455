"""`click`."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import send_input

_BUTTONS: Final = {"left": "1", "middle": "2", "right": "3"}
_FOCUS_SECONDS: Final = "0.3"
"""For a busy window manager and program to give the focus to what was clicked: a key that comes before is lost."""


class Click(Tool):
    """Click on the desktop, at a place that you know from a screenshot."""

    name: ClassVar[str] = "click"
    x: int = Field(ge=0, le=16383, description="Pixels from the left.")
    y: int = Field(ge=0, le=16383, description="Pixels from the top.")
    button: Literal["left", "middle", "right"] = Field(default="left", description="The mouse button.")
    count: int = Field(default=1, ge=1, le=3, description="2 for a double click.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        place = ("mousemove", "--sync", str(self.x), str(self.y))
        clicks = ("click", "--repeat", str(self.count), "--delay", "80", _BUTTONS[self.button])
        return send_input(context, *place, *clicks, "sleep", _FOCUS_SECONDS)
