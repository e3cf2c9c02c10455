"""The operator's configuration: environment variables `AGENTJOB_…` (nested by `__`), flags (`--storage.endpoint …`) win over them.

Everything in here comes from the administrator. Secrets come by environment only: a flag would show in every process list.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from agentjob_api.base import Money
from agentjob_api.pod_options import LocalObjectReference, ResourceRequirements
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, CliSuppress, NoDecode, SettingsConfigDict

from agentjob_operator.network_settings import NetworkSettings

SECRET_FLAGS = ("--storage", "--storage.access-key", "--storage.secret-key", "--storage.session-token")


def _refuse_secret(flag: str) -> None:
    # argparse takes any unambiguous beginning of a flag, too.
    name = flag.replace("_", "-")
    if len(name) > len("--") and any(secret.startswith(name) for secret in SECRET_FLAGS):
        raise ValueError(f"{flag} is a secret: give it in the environment")


def _split_commas(value: object) -> object:
    return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
"""Names separated by commas."""
OptionalText = Annotated[str | None, BeforeValidator(_none_when_empty)]
Endpoint = Annotated[str, Field(pattern=r"^https?://[^\s/@]+/*$"), AfterValidator(lambda url: url.rstrip("/"))]
"""`http://host:port` or `https://host`: the scheme says whether TLS is used; no path."""


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StorageSettings(_Group):
    """The object store (S3), and the credential that only the operator holds."""

    endpoint: Endpoint
    """As the operator and the pods reach it."""
    public_endpoint: Annotated[Endpoint | None, BeforeValidator(_none_when_empty)] = None
    """As the people who download reach it; `endpoint` when unset."""
    bucket: str = Field(default="agentjob", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    prefix: str = Field(default="", pattern=r"^([A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*)?$", max_length=256)
    """Put before every key, without slashes at the ends."""
    region: str = Field(default="us-east-1", min_length=1)
    addressing_style: Literal["auto", "path", "virtual"] = "auto"
    """`path`: `https://host/bucket/key`; `virtual`: `https://bucket.host/key`; `auto`: virtual at AWS, path elsewhere."""
    access_key: CliSuppress[SecretStr]
    secret_key: CliSuppress[SecretStr]
    session_token: CliSuppress[Annotated[SecretStr | None, BeforeValidator(_none_when_empty)]] = None
    """Set with temporary credentials: what is signed with them ends when they do."""
    ca_pem: Annotated[str | None, Field(pattern=r"-----BEGIN CERTIFICATE-----"), BeforeValidator(_none_when_empty)] = (
        None
    )
    """PEM text of the authority that signed the endpoint's certificate, for operator and courier; the system's when unset."""
    timeout_seconds: float = Field(default=10, gt=0, le=300)
    """For one request, whole."""
    retention_days: int = Field(default=0, ge=0, le=36500)
    """Lifecycle rule that `ensure_bucket` sets; 0 sets none."""

    @model_validator(mode="after")
    def _the_bucket_can_be_a_part_of_the_host(self) -> Self:
        if self.addressing_style != "virtual":
            return self
        for endpoint in (self.endpoint, self.download_endpoint):
            if _is_address(urlsplit(endpoint).hostname or ""):
                raise ValueError(f"addressing_style: virtual needs a name, and {endpoint} is an address")
            if endpoint.startswith("https:") and "." in self.bucket:
                raise ValueError(
                    "addressing_style: virtual needs a bucket without dots: certificates hold for one label"
                )
        return self

    @property
    def download_endpoint(self) -> str:
        """The endpoint of download URLs."""
        return self.public_endpoint or self.endpoint


class ModelDefaults(_Group):
    """The model of AgentJobs that name none."""

    name: str = Field(default="gpt-5", min_length=1, max_length=256)
    endpoint: str = Field(default="https://api.openai.com/v1", pattern=r"^https?://[^\s/@]+(/[^\s]*)?$")
    api_key_secret_name: OptionalText = None
    """A Secret in the AgentJob's own namespace; used only with `endpoint`, so that no AgentJob can send the key elsewhere."""
    api_key_secret_key: str = "api-key"  # noqa: S105 - a key's name
    input_per_million_tokens: Annotated[Money | None, BeforeValidator(_none_when_empty)] = None
    """US dollars; used only with `name` and `endpoint`."""
    output_per_million_tokens: Annotated[Money | None, BeforeValidator(_none_when_empty)] = None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _resources(cpu: str, memory: str, memory_limit: str, cpu_limit: str | None = None) -> ResourceRequirements:
    limits = {"memory": memory_limit} | ({} if cpu_limit is None else {"cpu": cpu_limit})
    return ResourceRequirements(requests={"cpu": cpu, "memory": memory}, limits=limits)


class PodResources(_Group):
    """Resources of each container; the agent's are a default that `spec.resources` replaces."""

    agent: ResourceRequirements = _resources("250m", "512Mi", "4Gi")
    prepare: ResourceRequirements = _resources("20m", "64Mi", "1Gi")
    model_proxy: ResourceRequirements = _resources("20m", "64Mi", "256Mi")
    courier: ResourceRequirements = _resources("20m", "64Mi", "1Gi")
    desktop: ResourceRequirements = _resources("50m", "192Mi", "1536Mi", "1")
    notebook: ResourceRequirements = _resources("20m", "128Mi", "1Gi", "1")
    postgres: ResourceRequirements = _resources("20m", "64Mi", "512Mi", "1")
    redis: ResourceRequirements = _resources("10m", "16Mi", "256Mi", "500m")
    agent_home: str = "10Gi"
    """Size limit of the agent's home, where package managers keep their caches."""
    agent_tmp: str = "4Gi"
    desktop_home: str = "256Mi"
    """In memory, within the container's limit: a home that is full then stays the desktop's own problem, whereas a volume on disk
    that outgrows its limit evicts the whole pod."""
    notebook_home: str = "256Mi"
    service_data: str = "8Gi"
    """Of each service; outgrowing it evicts the pod."""


class BesideSettings(_Group):
    """What stands beside the agent, where an AgentJob does not say."""

    desktop_enabled: bool = True
    notebook_enabled: bool = True
    restart_killed: bool = False
    """Whether the kubelet starts a killed desktop or notebook again: `preflight` finds out whether the cluster can."""


class EventSettings(_Group):
    """Kubernetes Events of AgentJobs. What goes wrong is always one."""

    normal: bool = False
    """Also the transitions of the ordinary way: two writes more for each AgentJob."""


class AccessSettings(_Group):
    """How people reach desktop and notebook."""

    url_template: str = Field(default="", max_length=1024, pattern=r"^(https?://[^\s/@]+(/\S*)?)?$")
    """`{namespace}`, `{name}`, `{pod}` and `{port}` are filled in; no URL is told when empty. What is served lies under the URL's path,
    so that path cannot name the pod, which is not known when the pod is made."""

    @field_validator("url_template")
    @classmethod
    def _fields_are_known(cls, template: str) -> str:
        try:
            path = template.partition("://")[2].partition("/")[2]
            path.format(namespace="", name="", port="")
            template.format(namespace="", name="", pod="", port="")
        except (LookupError, ValueError) as error:
            known = "{namespace}, {name}, {pod} (not in the path) and {port}"
            raise ValueError(f"only {known} can be filled in: {error}") from error
        return template


class LeaderElection(_Group):
    """Which of several replicas works."""

    enabled: bool = True
    lease_name: str = "agentjob-operator"
    lease_namespace: OptionalText = None
    """The namespace of the operator's own pod when unset."""
    lease_seconds: int = Field(default=15, ge=5, le=300)
    """How long another replica waits after the last renewal that it saw."""
    renew_seconds: int = Field(default=10, ge=3, le=240)
    """How long the leader writes after the last renewal that was answered; what is left until `lease_seconds` is for its last writes."""
    retry_seconds: int = Field(default=2, ge=1, le=60)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.retry_seconds < self.renew_seconds < self.lease_seconds:
            raise ValueError("retry_seconds must be less than renew_seconds, and that less than lease_seconds")
        return self


class Settings(BaseSettings):
    """All of it."""

    model_config = SettingsConfigDict(
        env_prefix="AGENTJOB_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        cli_kebab_case=True,
        cli_prog_name="agentjob-operator",
        # The input of an error about a missing field is all of the environment, secrets included.
        hide_input_in_errors=True,
    )

    storage: StorageSettings
    runtime_image: str = Field(min_length=1)
    """Image of model-proxy, prepare and courier: trusted, never from an AgentJob."""
    agent_image: str = Field(min_length=1)
    """Image of the agent where `spec.image` is unset."""
    desktop_image: str = Field(min_length=1)
    notebook_image: str = Field(min_length=1)
    services_image: str = Field(min_length=1)
    """Image of PostgreSQL and Redis."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: Names = ()
    """Names of Secrets in the AgentJobs' namespaces, added to `spec.imagePullSecrets`."""
    default_model: ModelDefaults = ModelDefaults()
    resources: PodResources = PodResources()
    beside: BesideSettings = BesideSettings()
    access: AccessSettings = AccessSettings()
    events: EventSettings = EventSettings()
    network: NetworkSettings = NetworkSettings()
    namespaces: Names = ()
    """Namespaces to watch; all when empty."""
    disruption_cap: int = Field(default=3, ge=0, le=100)
    """Disrupted attempts that are repeated without counting against `spec.backoffLimit`."""
    node_lost_seconds: int = Field(default=60, ge=1, le=86_400)
    """A pod that was to end and of which nothing is heard for so long after its grace is given up: its node has gone. What it writes
    later lies under the prefix of its own attempt and changes nothing."""
    resync_seconds: int = Field(default=600, ge=1, le=86_400)
    """How often a paged LIST squares the cache."""
    sweep_seconds: int = Field(default=300, ge=1, le=86_400)
    """How often finished AgentJobs are looked through for their TTL and download URLs; what is due in between is known by then."""
    list_page_size: int = Field(default=250, ge=1, le=5000)
    workers: int = Field(default=8, ge=1, le=256)
    """Reconciles at the same time."""
    backoff_base_seconds: float = Field(default=0.2, gt=0, le=60)
    backoff_max_seconds: float = Field(default=60, gt=0, le=3600)
    api_qps: float = Field(default=1000, gt=0, le=10_000)
    """Requests to the API server per second on the long run: a fuse. How fast is fair is the API server's priority and fairness."""
    api_burst: int = Field(default=2000, ge=1, le=10_000)
    api_timeout_seconds: float = Field(default=15, gt=0, le=300)
    watch_quiet_seconds: float = Field(default=75, ge=1, le=600)
    """A watch in which nothing comes for so long is dead, and taken up again: the API server sends a bookmark every minute."""
    leader_election: LeaderElection = LeaderElection()
    health_host: str = "0.0.0.0"  # noqa: S104 - the kubelet asks from outside the pod
    health_port: int = Field(default=8080, ge=0, le=65_535)
    """`/healthz` and `/readyz`; 0 takes a free port."""
    metrics_port: Annotated[int | None, Field(ge=1, le=65_535), BeforeValidator(_none_when_empty)] = None
    """`/metrics`, on `health_host`; on the port of the probes when unset."""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def load(cls, flags: Sequence[str] = ()) -> Self:
        """From environment and `flags`. Raises `ValueError` (pydantic's names each field) and `SystemExit` after `--help`."""
        for flag in flags:
            _refuse_secret(flag.split("=", 1)[0])
        return cls(_cli_parse_args=list(flags))

    @property
    def pod_image_pull_secrets(self) -> tuple[LocalObjectReference, ...]:
        """`image_pull_secrets` as the pod takes them."""
        return tuple(LocalObjectReference(name=name) for name in self.image_pull_secrets)
