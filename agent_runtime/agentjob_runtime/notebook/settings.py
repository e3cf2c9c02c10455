"""How Jupyter is started: options and environment. Pure.

Options: `jupyter lab --help-all`; environment: https://docs.jupyter.org/en/latest/use/jupyter-directories.html
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentjob_api.pod import NOTEBOOK_PORT

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.tools.environment import GIT_CONFIG, virtualenv

JUPYTER: Final = Path("/opt/agentjob/jupyter")
"""Its virtual environment, in the image `notebook`."""
ENV_TOKEN_FILE: Final = "JUPYTER_TOKEN_FILE"  # noqa: S105 - a variable's name
SHUTDOWN_SECONDS: Final = "0.3"
"""For a kernel to end by itself when Jupyter ends; then it is killed."""


def state_dir(home: Path) -> Path:
    """Everything that Jupyter writes of its own accord, private to its user."""
    return home / ".notebook"


def folders(home: Path) -> dict[str, Path]:
    """By the variable that tells Jupyter."""
    state = state_dir(home)
    return {
        "JUPYTER_RUNTIME_DIR": state / "runtime",
        "JUPYTER_CONFIG_DIR": state / "config",
        "JUPYTER_DATA_DIR": state / "data",
        "JUPYTERLAB_WORKSPACES_DIR": state / "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": state / "settings",
        "IPYTHONDIR": state / "ipython",
    }


def checkpoints(home: Path) -> Path:
    """What Jupyter keeps of each file at every save; by default beside the file, in the workspace."""
    return state_dir(home) / "checkpoints"


def options(base_url: str, workspace: Path, home: Path, port: int = NOTEBOOK_PORT) -> dict[str, str]:
    """Traits by name. No secret: they stand in argv."""
    return {
        "ServerApp.ip": "0.0.0.0",  # noqa: S104 - people come from outside the pod, with the token
        "ServerApp.port": str(port),
        "ServerApp.port_retries": "0",
        "ServerApp.base_url": base_url,
        "ServerApp.root_dir": str(workspace),
        "ServerApp.open_browser": "False",
        "ServerApp.no_browser_open_file": "True",
        "ServerApp.quit_button": "False",
        "ServerApp.allow_unauthenticated_access": "False",
        # The name it is reached by is the proxy's, the node's or localhost: the token decides, not the Host header.
        "ServerApp.allow_remote_access": "True",
        "ServerApp.terminals_enabled": "True",
        "ServerApp.log_level": "WARN",
        "ContentsManager.allow_hidden": "True",
        "ContentsManager.checkpoints_class": "jupyter_server.services.contents.filecheckpoints.AsyncGenericFileCheckpoints",
        "AsyncGenericFileCheckpoints.root_dir": str(checkpoints(home)),
        "FileContentsManager.delete_to_trash": "False",
        # The pod's 127.0.0.1 is the agent's, too: on TCP it could read along what kernels print.
        "KernelManager.transport": "ipc",
        "KernelManager.shutdown_wait_time": SHUTDOWN_SECONDS,
        "LabApp.extension_manager": "readonly",
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }


def command(traits: Mapping[str, str], program: Path = JUPYTER / "bin/python") -> list[str]:
    """JupyterLab in isolated mode: no module of the workspace or of the home can take the place of its own."""
    return [str(program), "-I", "-m", "jupyterlab", *(f"--{name}={value}" for name, value in traits.items())]


def environment(inherited: Mapping[str, str], paths: Paths, token_file: Path) -> dict[str, str]:
    """Jupyter's, and so that of its kernels and terminals: the agent's search path, and the token's place, not the token."""
    home = paths.home
    kept = {name: value for name, value in inherited.items() if not name.startswith(("AGENTJOB_", "JUPYTER", "PYTHON"))}
    search = [str(virtualenv(home) / "bin"), str(home / ".local/bin"), kept.get("PATH", "/usr/local/bin:/usr/bin:/bin")]
    return {
        **kept,
        "HOME": str(home),
        "PATH": ":".join(search),
        "SHELL": "/bin/bash",
        "GIT_CONFIG_SYSTEM": str(GIT_CONFIG),
        # What is tried here leaves nothing in the workspace, whose archive is the agent's.
        "PYTHONDONTWRITEBYTECODE": "1",
        ENV_TOKEN_FILE: str(token_file),
        **{name: str(folder) for name, folder in folders(home).items()},
    }
