"""The entry point of the container `notebook`: refuses to start without a token, then becomes JupyterLab.

It becomes Jupyter rather than to wait for it: a waiting Python would take a tenth of the memory. The supervisor above starts it
again when it dies.
"""

import logging
import os
from pathlib import Path
from typing import Final

from agentjob_api.job_config import NotebookConfig
from agentjob_api.pod import KEY_NOTEBOOK_TOKEN, ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.notebook import settings

LOG: Final = logging.getLogger(__name__)
MIN_TOKEN: Final = 16
"""Characters. An empty token would open Jupyter to everybody; a short one can be guessed."""
_FAILED: Final = 1


def check_token(file: Path) -> None:
    """Raises `ConfigError` unless the file holds a token that is worth asking for."""
    try:
        token = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {type(error).__name__}") from None  # a decoding error quotes the token
    if len(token) < MIN_TOKEN or not token.isprintable() or " " in token:
        raise ConfigError(f"{file} does not hold a token of {MIN_TOKEN} printable characters or more")


def make_folders(home: Path) -> None:
    """Creates Jupyter's folders. Raises `OSError`."""
    for folder in (settings.state_dir(home), settings.checkpoints(home), *settings.folders(home).values()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def become_jupyter(config: NotebookConfig, paths: Paths) -> None:
    """Does not return. Raises `ConfigError` or `OSError`."""
    token_file = paths.config_dir / KEY_NOTEBOOK_TOKEN
    check_token(token_file)
    make_folders(paths.home)
    # Not the workspace: programs look for their settings, and Python for modules, in the folder where they are started.
    os.chdir(settings.state_dir(paths.home))
    command = settings.command(settings.options(config.base_url, paths.workspace, paths.home))
    os.execve(command[0], command, settings.environment(os.environ, paths, token_file))  # noqa: S606 - our own program


def main() -> int:
    """Returns only when Jupyter cannot be started; SIGTERM ends it with its kernels."""
    jsonlog.configure()
    paths = Paths.from_env()
    try:
        become_jupyter(read_job_config(paths.config).notebook or NotebookConfig(), paths)
    except ConfigError as error:
        jsonlog.event(LOG, logging.ERROR, str(error))
        return ExitCode.CONFIG
    except OSError as error:
        jsonlog.event(LOG, logging.ERROR, f"the notebook cannot start: {error}")
    return _FAILED
