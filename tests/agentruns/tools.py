"""Calls a tool as the loop does, in a temporary workspace."""

import json
import os
from pathlib import Path
from typing import Any

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.session.messages import ToolCall
from agentjob_runtime.tools.base import ToolContext, ToolOutput
from agentjob_runtime.tools.context import make_context
from agentjob_runtime.tools.registry import parse


class Toolbox:
    """Tools over folders of their own."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths.under(root)
        self.paths.make_dirs()
        self.stop = Stop()
        self.context: ToolContext = make_context(self.paths, self.stop, os.environ)
        self.context.roots = (self.paths.workspace, self.paths.home)  # the tests' folders lie in /tmp

    @property
    def workspace(self) -> Path:
        """Of the tools."""
        return self.paths.workspace

    def call(self, name: str, **arguments: Any) -> ToolOutput:
        """Raises what the tool raises."""
        call = ToolCall(id="call_0_0", name=name, arguments=json.dumps(arguments))
        return parse(call).run(self.context)
