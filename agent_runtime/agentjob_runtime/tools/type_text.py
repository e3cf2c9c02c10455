"""`type_text`."""

import asyncio
import time
from typing import ClassVar, Final

from pydantic import Field

from agentjob_runtime.tools.base import Text, Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import DISPLAY_SECONDS, answering, require, send_input
from agentjob_runtime.x11.lend import lend_keys

_DELAY: Final = "10"
"""Milliseconds between keys."""
_READ_SECONDS: Final = 1.0
"""For a busy program to read what was typed before the keys get other letters: more of them in one text than there are keys."""


class TypeText(Tool):
    """Type text on the desktop's keyboard, into the window that has the focus. A line end is the Return key."""

    name: ClassVar[str] = "type_text"
    text: Text = Field(min_length=1, max_length=1000, description="What to type.")

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        display = require(context)
        output, rest = ToolOutput(""), self.text
        while rest:
            with answering():
                ready = asyncio.run(lend_keys(display.socket, display.authority, rest, DISPLAY_SECONDS))
            output = send_input(context, "type", "--clearmodifiers", "--delay", _DELAY, "--", rest[:ready])
            rest = rest[ready:]
            if rest:
                time.sleep(_READ_SECONDS)
        return output
