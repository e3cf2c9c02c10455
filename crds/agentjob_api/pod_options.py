"""The few types of the Kubernetes pod API that `spec` passes on, bounded so that CEL and the API server can check them cheaply."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentjob_api.base import ApiModel, CelRule, Quantity

OBJECT_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=OBJECT_NAME_PATTERN)]
"""Name of a Kubernetes object: a DNS subdomain (RFC 1123)."""

LABEL_VALUE_PATTERN = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LABEL_KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"

RESERVED_ENV_PREFIXES = ("AGENTJOB_", "OPENAI_", "ANTHROPIC_")
"""`spec.env` may not set these: they belong to the pod's contract with its engines."""
RESERVED_ENV_NAMES = ("HOME", "PATH")


class LocalObjectReference(ApiModel):
    """A Secret in the AgentJob's namespace."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]


def _reserved_env_rule() -> CelRule:
    conditions = [f"self.name.startsWith('{prefix}')" for prefix in RESERVED_ENV_PREFIXES]
    conditions += [f"self.name == '{name}'" for name in RESERVED_ENV_NAMES]
    names = ", ".join((*(f"{prefix}*" for prefix in RESERVED_ENV_PREFIXES), *RESERVED_ENV_NAMES))
    return CelRule(f"!({' || '.join(conditions)})", f"the pod sets {names} itself; choose another name", ".name")


class EnvVar(ApiModel):
    """An environment variable with a plain value."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (_reserved_env_rule(),)

    name: Annotated[
        str,
        Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name of the variable."),
    ]
    value: Annotated[str, Field(max_length=4096, description="Its value; never a secret.")] = ""


class Toleration(ApiModel):
    """A taint that the pod tolerates, as core/v1 has it."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (
        CelRule(
            "self.operator == 'Equal' || !has(self.value) || self.value == ''",
            "value must be empty when operator is Exists",
            ".value",
        ),
        CelRule("self.operator == 'Exists' || has(self.key)", "operator must be Exists when key is empty", ".operator"),
        CelRule(
            "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "tolerationSeconds needs effect NoExecute",
            ".tolerationSeconds",
        ),
    )

    key: Annotated[
        str | None, Field(max_length=317, pattern=LABEL_KEY_PATTERN, description="Taint key; all keys when unset.")
    ] = None
    operator: Annotated[Literal["Exists", "Equal"], Field(description="How key and value are compared.")] = "Equal"
    value: Annotated[str | None, Field(max_length=63, pattern=LABEL_VALUE_PATTERN, description="Taint value.")] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Taint effect; all effects when unset."),
    ] = None
    toleration_seconds: Annotated[int | None, Field(ge=0, le=31_536_000, description="For NoExecute: how long.")] = None


class ResourceRequirements(ApiModel):
    """Compute resources, as core/v1 has them, without claims."""

    requests: Annotated[dict[str, Quantity], Field(max_length=8, description="What the scheduler sets aside.")] = {}
    limits: Annotated[dict[str, Quantity], Field(max_length=8, description="What it may use at most.")] = {}
