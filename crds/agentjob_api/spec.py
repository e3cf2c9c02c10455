"""`spec` of an AgentJob. Only what works is here: nothing that is accepted may be silently ignored."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentjob_api.base import ApiModel, CelRule, Money, list_map
from agentjob_api.beside import Desktop, Notebook, Service
from agentjob_api.network import Network
from agentjob_api.pod_options import (
    LABEL_VALUE_PATTERN,
    EnvVar,
    LocalObjectReference,
    ObjectName,
    ResourceRequirements,
    Toleration,
)
from agentjob_api.workspace import Archive, Workspace

MUTABLE_FIELDS = frozenset({"cancel", "suspend", "ttlSecondsAfterFinished"})
"""Fields of `spec` that may change after creation."""


class Engine(StrEnum):
    """What drives the agent."""

    BUILTIN = "Builtin"


def _no_credential(field: str, instead: str) -> CelRule:
    return CelRule(
        f"!has(self.{field}) || !self.{field}.matches('^https?://[^/]*@')",
        f"must not hold a credential; use {instead}",
        f".{field}",
    )


class SecretKeyRef(ApiModel):
    """A key of a Secret in the AgentJob's namespace."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    key: Annotated[
        str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$", description="Key in the Secret.")
    ] = "api-key"


class SecretRef(ApiModel):
    """A Secret in the AgentJob's namespace."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]


class Prices(ApiModel):
    """What the model costs, in US dollars."""

    input_per_million_tokens: Annotated[Money, Field(description="US dollars per million input tokens.")]
    output_per_million_tokens: Annotated[Money, Field(description="US dollars per million output tokens.")]


class Model(ApiModel):
    """The model behind the agent. What is left out comes from the operator's configuration."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (_no_credential("endpoint", "model.apiKeySecretRef"),)

    api: Annotated[Literal["OpenAI"], Field(description="Protocol of the endpoint.")] = "OpenAI"
    name: Annotated[
        str | None, Field(min_length=1, max_length=256, description="Model name as the endpoint knows it.")
    ] = None
    endpoint: Annotated[
        str | None,
        Field(
            max_length=2048,
            pattern=r"^https?://[^\s/]+(/\S*)?$",
            description="Base URL, for example https://api.openai.com/v1.",
        ),
    ] = None
    api_key_secret_ref: Annotated[
        SecretKeyRef | None, Field(description="The key; only the pod's model-proxy ever holds it.")
    ] = None
    prices: Annotated[Prices | None, Field(description="Needed for limits.costUSD.")] = None
    images: Annotated[bool, Field(description="The model takes images: screenshots of the desktop go to it.")] = False


class Limits(ApiModel):
    """Hard budgets, for every engine."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (
        CelRule("!has(self.costUSD) || !string(self.costUSD).matches('^[0.]+$')", "must be more than 0", ".costUSD"),
    )

    steps: Annotated[int, Field(ge=1, le=10_000, description="Model calls of the agent's loop.")] = 100
    tokens: Annotated[int | None, Field(ge=1, le=10**12, description="Input plus output tokens over all attempts.")] = (
        None
    )
    cost_usd: Annotated[
        Money | None, Field(alias="costUSD", description="US dollars over all attempts; needs prices.")
    ] = None
    timeout_seconds: Annotated[int, Field(ge=1, le=604_800, description="Active time over all attempts.")] = 3600
    start_deadline_seconds: Annotated[
        int,
        Field(
            ge=1,
            le=604_800,
            description="How long an attempt may wait for what it needs (image, node, Secret, quota) before it fails. "
            "Cloning or restoring the workspace does not count; that has half an hour.",
        ),
    ] = 600


class Repository(ApiModel):
    """A Git repository to work on; without one the workspace starts empty."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (_no_credential("url", "repository.credentialsSecretRef"),)

    url: Annotated[
        str,
        Field(
            max_length=2048,
            pattern=r"^https?://[^\s/]+/\S+$",
            description="http or https URL, without a credential in it.",
        ),
    ]
    ref: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=255,
            pattern=r"^[^\s~^:?*\[\\-][^\s~^:?*\[\\]*$",
            description="Branch, tag or commit; the remote's HEAD when unset.",
        ),
    ] = None
    credentials_secret_ref: Annotated[
        SecretRef | None,
        Field(description="Secret with the keys password (a password or token) and, optionally, username."),
    ] = None
    submodules: Annotated[bool, Field(description="Clone submodules, too.")] = False


class AgentJobSpec(ApiModel):
    """What to do, with what, within which limits."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (
        CelRule(
            "!has(self.limits.costUSD) || (has(self.model) && has(self.model.prices))",
            "limits.costUSD needs model.prices to count with",
            ".limits.costUSD",
        ),
        CelRule(
            "!(has(oldSelf.cancel) && oldSelf.cancel) || (has(self.cancel) && self.cancel)",
            "cancel cannot be taken back",
            ".cancel",
        ),
    )

    task: Annotated[
        str,
        Field(
            min_length=1, max_length=65_536, pattern=r"\S", description="What to do, in natural language; not blank."
        ),
    ]
    engine: Annotated[Engine, Field(description="What drives the agent.")] = Engine.BUILTIN
    model: Annotated[
        Model, Field(description="The model; what is left out comes from the operator's configuration.")
    ] = Model()
    limits: Annotated[Limits, Field(description="Hard budgets.")] = Limits()
    repository: Annotated[Repository | None, Field(description="A Git repository to work on.")] = None
    desktop: Annotated[Desktop, Field(description="A desktop beside the agent.")] = Desktop()
    notebook: Annotated[Notebook, Field(description="A notebook beside the agent.")] = Notebook()
    services: Annotated[
        tuple[Service, ...],
        Field(
            max_length=len(Service),
            description="Databases beside the agent, on 127.0.0.1 of its pod; they are empty and end with it.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = ()
    workspace: Annotated[Workspace, Field(description="The volume at /workspace.")] = Workspace()
    archive: Annotated[Archive, Field(description="What is kept of the workspace, and how.")] = Archive()
    network: Annotated[Network, Field(description="What the agent's pod may reach.")] = Network()
    image: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=512,
            pattern=r"^\S+$",
            description="Image of the agent container, built on the project's agent image.",
        ),
    ] = None
    resources: Annotated[
        ResourceRequirements | None,
        Field(description="Of the agent container; the operator's configuration otherwise."),
    ] = None
    node_selector: Annotated[
        dict[str, Annotated[str, Field(max_length=63, pattern=LABEL_VALUE_PATTERN)]],
        Field(max_length=16, description="Labels that the node must have."),
    ] = {}
    tolerations: Annotated[
        tuple[Toleration, ...], Field(max_length=16, description="Taints that the pod tolerates.")
    ] = ()
    runtime_class_name: Annotated[
        ObjectName | None, Field(description="RuntimeClass of the pod, for example a sandbox such as gVisor.")
    ] = None
    priority_class_name: Annotated[ObjectName | None, Field(description="PriorityClass of the pod.")] = None
    image_pull_secrets: Annotated[
        tuple[LocalObjectReference, ...],
        Field(max_length=8, description="Secrets to pull images with.", json_schema_extra=list_map("name")),
    ] = ()
    env: Annotated[
        tuple[EnvVar, ...],
        Field(
            max_length=64,
            description="Environment of the agent container: plain values only, the agent holds no secret.",
            json_schema_extra=list_map("name"),
        ),
    ] = ()
    backoff_limit: Annotated[
        int,
        Field(
            ge=0,
            le=10,
            description="How often an attempt that crashed is repeated. The agent's own verdict never is; a disruption does not count.",
        ),
    ] = 0
    suspend: Annotated[
        bool,
        Field(
            description="Holds it back before it starts; while it runs, stores a checkpoint and ends the pod. Taken back, it goes on."
        ),
    ] = False
    cancel: Annotated[
        bool,
        Field(description="Ends it for good; what is in the workspace is still archived. Cannot be taken back."),
    ] = False
    linger_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=86_400,
            description="How long desktop and notebook stay after the agent ended; the job is reported and archived before.",
        ),
    ] = 0
    ttl_seconds_after_finished: Annotated[
        int | None,
        Field(ge=0, le=31_536_000, description="The AgentJob is deleted this long after it finished; kept when unset."),
    ] = None
