"""Makes the tools' context for a run."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.tools.base import ToolContext
from agentjob_runtime.tools.display import Display
from agentjob_runtime.tools.environment import tool_environment
from agentjob_runtime.tools.outputs import OutputFolder
from agentjob_runtime.tools.process import ProcessRunner


def make_context(
    paths: Paths, stop: Stop, environment: Mapping[str, str], display: Display | None = None
) -> ToolContext:
    """Tools that work in the workspace, home and /tmp, with a scrubbed copy of `environment`."""
    outputs = paths.session_dir / "outputs"
    return ToolContext(
        workspace=paths.workspace,
        home=paths.home,
        runner=ProcessRunner(stop, OutputFolder(outputs)),
        environment=tool_environment(environment, paths.home),
        roots=(paths.workspace, paths.home, Path(tempfile.gettempdir())),
        readable=(outputs,),
        display=display,
    )
