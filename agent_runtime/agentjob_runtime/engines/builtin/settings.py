"""Every number of the engine in one place."""

from collections.abc import Mapping
from typing import Final, Self

from agentjob_api.pod import PROXY_PORT
from pydantic import BaseModel, ConfigDict, ValidationError

from agentjob_runtime.common.config import ConfigError

ENV_SETTINGS: Final = "AGENTJOB_ENGINE_SETTINGS"
"""A JSON object that replaces some of the settings: for tests and experiments."""


class EngineSettings(BaseModel):
    """Defaults that suit large models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = f"http://127.0.0.1:{PROXY_PORT}/v1"
    connect_seconds: float = 5
    read_seconds: float = 600
    """Silence of a stream that is taken for its end: reasoning models think for minutes."""
    reply_characters: int = 4_000_000
    """A longer reply is not one."""

    tries: int = 7
    """Calls of the model for one step, the first included: with the delays below it waits a minute at least."""
    backoff_seconds: float = 1
    """Before the second try; doubled for each further one, with jitter of a quarter."""
    backoff_cap_seconds: float = 60
    """Also the most that a Retry-After is honoured."""
    startup_seconds: float = 30
    """How long a refused connection is tried again before the first answer, when the proxy may still be starting."""

    format_errors: int = 5
    """Consecutive replies that cannot be understood."""
    command_timeouts: int = 5
    """Consecutive calls that were killed for time."""
    monologues: int = 2
    """Consecutive replies without a call; after all but the last the model is asked to go on or to finish."""
    nudge_forgotten_after: int = 20
    """Steps without repetition after which the model may be nudged once more."""
    steps_warning: int = 5
    """The model is told when this many steps are left."""

    context_tokens: int = 128_000
    """What the model takes."""
    compact_at: float = 0.75
    """Share of `context_tokens` at which the conversation is compacted."""
    compact_to: float = 0.45
    """Share that is aimed at."""
    keep_recent: int = 8
    """Steps that a compaction leaves whole when it can."""
    compactions_per_call: int = 3
    """How often a call that the provider finds too long is compacted and tried again."""
    pictures: int = 2
    """The latest ones, that a request holds."""
    agents_md_bytes: int = 32_768
    """What is read of the repository's AGENTS.md."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """The defaults with what `AGENTJOB_ENGINE_SETTINGS` replaces. Raises `ConfigError`."""
        try:
            return cls.model_validate_json(environment.get(ENV_SETTINGS) or "{}")
        except ValidationError as error:
            raise ConfigError(f"{ENV_SETTINGS}: {error}") from error
