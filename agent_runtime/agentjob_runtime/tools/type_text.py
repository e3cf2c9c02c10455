"""`type_text`."""

from typing import ClassVar

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import send_input


class TypeText(Tool):
    """Type text on the desktop's keyboard, into the window that has the focus. A line end is the Return key."""

    name: ClassVar[str] = "type_text"
    text: Text = Field(min_length=1, max_length=2000, description="What to type.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        return send_input(context, "type", "--clearmodifiers", "--delay", "10", "--", self.text)
