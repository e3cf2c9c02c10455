"""The environment of the agent's commands."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

GIT_CONFIG: Final = Path(__file__).with_name("gitconfig")
QUIET: Final = {
    "PAGER": "cat",
    "MANPAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_CONFIG_SYSTEM": str(GIT_CONFIG),
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "EDITOR": "true",
    "TERM": "dumb",
    "CI": "true",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_RETRIES": "2",
    "UV_HTTP_TIMEOUT": "30",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fetch_retry_maxtimeout": "5000",
    "npm_config_fetch_timeout": "60000",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "npm_config_yes": "true",
    "npm_config_update_notifier": "false",
}
"""Nobody is there to page, to answer or to watch a progress bar; `CI` keeps test runners out of watch mode.

A package manager that does not reach its registry says so within two minutes or so, not after npm's own fifteen."""


def virtualenv(home: Path) -> Path:
    """Where `install_package` installs Python packages when the workspace has no .venv of its own."""
    return home / ".venv"


def tool_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """A copy without the runtime's own variables; what the job's `env` sets wins over the defaults here."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AGENTJOB_")}
    path = [str(virtualenv(home) / "bin"), str(home / ".local/bin"), kept.get("PATH", os.defpath)]
    return {**QUIET, **kept, "HOME": str(home), "PATH": ":".join(path)}
