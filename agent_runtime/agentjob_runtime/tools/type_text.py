"""`type_text`."""

from itertools import groupby
from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import send_input

PLAIN_DELAY: Final = "10"
"""Milliseconds between keys."""
OTHER_DELAY: Final = "300"
"""Of letters that the keyboard does not have: xdotool lends each a key, and a busy program must look while it is lent."""


class TypeText(Tool):
    """Type text on the desktop's keyboard, into the window that has the focus. A line end is the Return key."""

    name: ClassVar[str] = "type_text"
    text: Text = Field(min_length=1, max_length=1000, description="What to type.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        output = ToolOutput("")
        for plain, letters in groupby(self.text, str.isascii):
            delay = PLAIN_DELAY if plain else OTHER_DELAY
            output = send_input(context, "type", "--clearmodifiers", "--delay", delay, "--", "".join(letters))
        return output
