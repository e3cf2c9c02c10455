"""The entry point of the container `prepare`."""

import logging
import os
from typing import Final

from agentjob_api.job_config import JobConfig
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import PrepareFailure

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.prepare.clone import PAUSES, SECONDS, Clone
from agentjob_runtime.prepare.credential import Credential
from agentjob_runtime.prepare.errors import PrepareError
from agentjob_runtime.prepare.folders import empty, lay_out_run_dir, used_bytes

_log = logging.getLogger(__name__)
ENV_PAUSES: Final = "AGENTJOB_PREPARE_PAUSES"
"""Seconds between the tries of what the network broke, such as `2,6`: three tries. For tests and for slow networks."""
ENV_SECONDS: Final = "AGENTJOB_PREPARE_SECONDS"
"""Seconds for the whole clone in place of `clone.SECONDS`. For tests and for slow networks."""
_MESSAGE_MAX: Final = 1000
"""Characters; all containers of the pod share 12 KiB of termination messages."""


def main() -> int:
    """Prepares the workspace; returns `agentjob_api.pod.ExitCode`. A failure is told in the termination log."""
    jsonlog.configure()
    paths = Paths.from_env()
    try:
        prepare(read_job_config(paths.config), paths)
    except ConfigError as error:
        _log.error("%s", error)
        paths.termination_log.write_text(str(error)[:_MESSAGE_MAX], encoding="utf-8")
        return ExitCode.CONFIG
    except PrepareError as error:
        _log.error("%s: %s", error.reason, error.message)
        failure = PrepareFailure(reason=error.reason, message=error.message[:_MESSAGE_MAX])
        paths.termination_log.write_text(failure.to_json(), encoding="utf-8")
        return ExitCode.PREPARE_FAILED
    return ExitCode.SUCCESS


def prepare(config: JobConfig, paths: Paths) -> None:
    """Run folder and workspace. Raises `PrepareError`."""
    lay_out_run_dir(paths)
    empty(paths.workspace)
    if paths.restore.exists():
        # Most jobs do without it, and start sooner.
        from agentjob_runtime.prepare.restore import restore

        restore(config, paths)
        return
    if config.repository is None:
        _log.info("no repository: the workspace is empty")
        return
    Clone(config.repository, paths.workspace, Credential.from_env(os.environ), _pauses(), _seconds()).run()
    used = used_bytes(paths.workspace)
    if used > config.workspace_bytes:
        raise PrepareError(
            Reason.WORKSPACE_FULL,
            f"The repository takes {used:,} bytes, more than workspace.size ({config.workspace_bytes:,}).",
        )
    _log.info("the workspace is ready: %d bytes", used)


def _pauses() -> tuple[float, ...]:
    text = os.environ.get(ENV_PAUSES, "")
    return tuple(_number(ENV_PAUSES, part) for part in text.split(",")) if text else PAUSES


def _seconds() -> float:
    text = os.environ.get(ENV_SECONDS, "")
    return _number(ENV_SECONDS, text) if text else SECONDS


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise PrepareError(Reason.PREPARE_FAILED, f"{name} must hold numbers, not {text!r}.") from error
