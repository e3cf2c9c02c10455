"""`job.json`: what the operator tells every container of one attempt. Holds no secret. Budgets are what *remains* for this attempt."""

from typing import Literal

from agentjob_api.wire import Wire


class ModelConfig(Wire, frozen=True, kw_only=True):
    """The model, with the defaults of the chart filled in."""

    api: Literal["OpenAI"] = "OpenAI"
    name: str
    endpoint: str
    """Base URL such as https://api.openai.com/v1; only model-proxy talks to it."""
    input_per_million_tokens: str | None = None
    """US dollars per million input tokens, a decimal; set whenever `LimitsConfig.cost_usd` is."""
    output_per_million_tokens: str | None = None
    images: bool = False
    """It takes images."""


class LimitsConfig(Wire, frozen=True, kw_only=True):
    """Remaining budgets of this attempt; None is unlimited."""

    steps: int
    tokens: int | None = None
    """Input plus output tokens."""
    cost_usd: str | None = None
    timeout_seconds: int
    """Active time from the start of the agent's container."""


class RepositoryConfig(Wire, frozen=True, kw_only=True):
    """What prepare clones into the workspace."""

    url: str
    ref: str | None = None
    """Branch, tag or commit; None is the remote's HEAD."""
    submodules: bool = False


class ArchiveConfig(Wire, frozen=True, kw_only=True):
    """How the courier packs the workspace."""

    format: Literal["Zip", "TarZstd"] = "Zip"
    exclude: tuple[str, ...] = ()
    """Globs (gitignore style), already including the defaults of the API."""
    max_bytes: int


class DesktopConfig(Wire, frozen=True, kw_only=True):
    """The desktop beside the agent."""

    resolution: str
    """WIDTHxHEIGHT in pixels."""
    base_url: str = "/"
    """Path it is reached under, with a slash at both ends: what a proxy in front may leave in the request."""


class NotebookConfig(Wire, frozen=True, kw_only=True):
    """The notebook beside the agent."""

    base_url: str = "/"
    """As `DesktopConfig.base_url`."""


class JobConfig(Wire, frozen=True, kw_only=True):
    """One attempt of one AgentJob."""

    namespace: str
    name: str
    uid: str
    attempt: int
    engine: Literal["Builtin"] = "Builtin"
    model: ModelConfig
    limits: LimitsConfig
    repository: RepositoryConfig | None = None
    archive: ArchiveConfig
    workspace_bytes: int
    """Size limit of the workspace's volume."""
    checkpoint_seconds: int | None = None
    """Between two checkpoints while the agent works; None: only when the pod is told to stop."""
    home_bytes: int | None = None
    """Size limits of the agent's other volumes, which the agent watches as well; None: there is none."""
    tmp_bytes: int | None = None
    run_bytes: int | None = None
    desktop: DesktopConfig | None = None
    """None when it is off."""
    notebook: NotebookConfig | None = None
    services: tuple[Literal["Postgres", "Redis"], ...] = ()
    linger_seconds: int = 0
    """How long desktop and notebook stay after the courier's end."""
