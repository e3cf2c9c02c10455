"""The few types of the Kubernetes pod API that `spec` passes on, bounded so that CEL and the API server can check them cheaply."""

from typing import Annotated, Literal

from pydantic import Field

from agentjob_api.base import ApiModel, Quantity


class LocalObjectReference(ApiModel):
    """core/v1 LocalObjectReference."""

    name: Annotated[str, Field(min_length=1, max_length=253, description="Name of the object in this namespace.")]


class EnvVar(ApiModel):
    """core/v1 EnvVar, values only."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name of the variable."),
    ]
    value: Annotated[str, Field(max_length=4096, description="Its value; never a secret.")] = ""


class Toleration(ApiModel):
    """core/v1 Toleration."""

    key: Annotated[str | None, Field(max_length=316, description="Taint key; all keys when unset.")] = None
    operator: Annotated[Literal["Exists", "Equal"], Field(description="How key and value are compared.")] = "Equal"
    value: Annotated[str | None, Field(max_length=63, description="Taint value.")] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Taint effect; all effects when unset."),
    ] = None
    toleration_seconds: Annotated[int | None, Field(ge=0, le=31_536_000, description="For NoExecute: how long.")] = None


class ResourceRequirements(ApiModel):
    """core/v1 ResourceRequirements, without claims."""

    requests: Annotated[dict[str, Quantity], Field(max_length=8, description="What the scheduler sets aside.")] = {}
    limits: Annotated[dict[str, Quantity], Field(max_length=8, description="What it may use at most.")] = {}
