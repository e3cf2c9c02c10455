"""`press_key`."""

from typing import ClassVar

from pydantic import Field

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import send_input


class PressKey(Tool):
    """Press a key or a combination on the desktop's keyboard, by X keysym names, such as Return, Escape, Tab, Page_Down,
    ctrl+s or alt+F4.
    """

    name: ClassVar[str] = "press_key"
    keys: str = Field(pattern=r"^[A-Za-z0-9_]+(\+[A-Za-z0-9_]+){0,4}$", max_length=80, description="The combination.")
    count: int = Field(default=1, ge=1, le=50, description="How often.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        return send_input(context, "key", "--clearmodifiers", "--repeat", str(self.count), "--", self.keys)
