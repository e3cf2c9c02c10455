"""Reads what the operator handed over in the attempt's Secret."""

from pathlib import Path

from agentjob_api.job_config import JobConfig
from agentjob_api.pod import CONFIG_DIR, KEY_CONFIG, KEY_TASK
from agentjob_api.wire import WireError


class ConfigError(Exception):
    """A file of `CONFIG_DIR` is missing or unreadable: a bug of the operator's; ends with `ExitCode.CONFIG`."""


def read_job_config(path: Path = Path(CONFIG_DIR, KEY_CONFIG)) -> JobConfig:
    """`job.json` at `path`. Raises `ConfigError` when it is not there or not a `JobConfig`."""
    try:
        return JobConfig.from_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except WireError as error:
        raise ConfigError(f"{path} is not a JobConfig: {error}") from error


def read_task(path: Path = Path(CONFIG_DIR, KEY_TASK)) -> str:
    """The task as text. Raises `ConfigError` when it is not there, empty or not UTF-8."""
    try:
        task = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if not task.strip():
        raise ConfigError(f"{path} is empty")
    return task
