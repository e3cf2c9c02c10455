"""`screenshot`."""

import asyncio
import base64
from typing import ClassVar, Final

from agentjob_runtime.tools.base import Tool, ToolContext, ToolOutput
from agentjob_runtime.tools.display import require
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.x11.cookie import CookieError
from agentjob_runtime.x11.messages import X11Error
from agentjob_runtime.x11.screenshot import take

TIMEOUT_SECONDS: Final = 20.0


class Screenshot(Tool):
    """Take a picture of the whole desktop: see what a program with windows, or a page in its browser, looks like. Programs
    that you start appear there by themselves. It is stored as a PNG file, and shown to you if you can see images.
    """

    name: ClassVar[str] = "screenshot"

    def run(self, context: ToolContext) -> ToolOutput:
        """Raises as `Tool.run`."""
        display = require(context)
        try:
            shot = asyncio.run(take(display.socket, display.authority, TIMEOUT_SECONDS))
        except (X11Error, CookieError, EOFError, TimeoutError, ConnectionError, FileNotFoundError) as error:
            raise ToolError(
                f"the desktop does not answer ({error or type(error).__name__}): it may be starting"
            ) from error
        path = display.store(shot.png)
        text = f"The screen is {shot.width}x{shot.height} pixels; the picture is in {path}"
        return ToolOutput(text, image=f"data:image/png;base64,{base64.b64encode(shot.png).decode()}")
