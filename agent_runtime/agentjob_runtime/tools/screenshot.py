"""`screenshot`."""

import asyncio
import base64
from typing import ClassVar

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import DISPLAY_SECONDS, answering, require
from agentjob_runtime.x11.screenshot import take


class Screenshot(Tool):
    """Take a picture of the whole desktop: see what a program with windows, or a page in its browser, looks like. Programs
    that you start appear there by themselves. It is stored as a PNG file, and shown to you if you can see images.
    """

    name: ClassVar[str] = "screenshot"

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        display = require(context)
        with answering():
            shot = asyncio.run(take(display.socket, display.authority, DISPLAY_SECONDS))
        path = display.store(shot.png)
        text = f"The screen is {shot.width}x{shot.height} pixels; the picture is in {path}"
        return ToolOutput(text, image=f"data:image/png;base64,{base64.b64encode(shot.png).decode()}")
