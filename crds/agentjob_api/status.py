"""`status` of an AgentJob: written by the operator only, one PATCH at a time."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from agentjob_api.base import ApiModel, list_map

Text = Annotated[str, Field(max_length=1024)]


class Phase(StrEnum):
    """Sums up the conditions. A terminal phase never changes again."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


TERMINAL_PHASES = (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


class ConditionType(StrEnum):
    """Types of `status.conditions`; `CONDITION_MEANINGS` explains each."""

    ACCEPTED = "Accepted"
    STARTED = "Started"
    SUSPENDED = "Suspended"
    DESKTOP_READY = "DesktopReady"
    NOTEBOOK_READY = "NotebookReady"
    ARCHIVED = "Archived"
    COMPLETE = "Complete"
    FAILED = "Failed"
    FINISHED = "Finished"


CONDITION_MEANINGS: dict[ConditionType, str] = {
    ConditionType.ACCEPTED: "The spec can be run: Job and pod are allowed to exist.",
    ConditionType.STARTED: "The agent's container started.",
    ConditionType.SUSPENDED: "Nothing of it runs until `suspend` is taken back; absent when it never was suspended.",
    ConditionType.DESKTOP_READY: "A person can work on the desktop; absent when there is none.",
    ConditionType.NOTEBOOK_READY: "A person can work in the notebook; absent when there is none.",
    ConditionType.ARCHIVED: "The workspace was uploaded and verified.",
    ConditionType.COMPLETE: "Ended with success.",
    ConditionType.FAILED: "Ended without success; absent when it was cancelled.",
    ConditionType.FINISHED: "Ended: one `kubectl wait --for=condition=Finished` serves every end.",
}


class Condition(ApiModel):
    """A condition, as metav1.Condition has it."""

    type: Annotated[str, Field(max_length=316, description="Type of the condition.")]
    status: Annotated[Literal["True", "False", "Unknown"], Field(description="True, False or Unknown.")]
    observed_generation: Annotated[int, Field(ge=0, description="metadata.generation that it was concluded from.")] = 0
    last_transition_time: Annotated[
        str, Field(description="When status last changed.", json_schema_extra={"format": "date-time"})
    ]
    reason: Annotated[str, Field(min_length=1, max_length=1024, description="One of the reasons of the API reference.")]
    message: Annotated[str, Field(max_length=32_768, description="A sentence for people.")] = ""


class Usage(ApiModel):
    """Spent over all attempts; tokens and cost as model-proxy counted them."""

    steps: Annotated[int, Field(description="Model calls of the agent's loop, by its own count.")] = 0
    requests: Annotated[int, Field(description="Calls to the model.")] = 0
    input_tokens: Annotated[int, Field(description="Input tokens.")] = 0
    output_tokens: Annotated[int, Field(description="Output tokens.")] = 0
    cost_usd: Annotated[
        str, Field(alias="costUSD", max_length=32, description="US dollars, by model.prices; 0 without prices.")
    ] = "0"
    active_seconds: Annotated[int, Field(description="Time the agent ran.")] = 0


class WorkspaceArtifact(ApiModel):
    """The archive of the workspace."""

    key: Annotated[Text, Field(description="Object key in the bucket.")]
    bytes: Annotated[int, Field(description="Size of the archive.")]
    sha256: Annotated[str, Field(max_length=64, description="SHA-256 of the archive, hex.")]
    files: Annotated[int, Field(description="Number of files in it.")] = 0


class LogArtifact(ApiModel):
    """The stored event log."""

    key: Annotated[Text, Field(description="Prefix of the segments in the bucket.")]


class Artifacts(ApiModel):
    """What the attempt left in the object store."""

    download_url: Annotated[
        str | None,
        Field(
            alias="downloadURL",
            max_length=4096,
            description="Presigned URL of the archive. Whoever has it can download.",
        ),
    ] = None
    expires_at: Annotated[
        str | None,
        Field(description="When downloadURL ends; it is renewed before.", json_schema_extra={"format": "date-time"}),
    ] = None
    workspace: Annotated[WorkspaceArtifact | None, Field(description="The archive of the workspace.")] = None
    log: Annotated[LogArtifact | None, Field(description="The stored event log.")] = None


class Access(ApiModel):
    """How a person gets in."""

    url: Annotated[
        str | None, Field(max_length=2048, description="Where it is, if the operator's configuration says so.")
    ] = None
    secret_name: Annotated[str, Field(max_length=253, description="Secret that holds the token.")]
    secret_key: Annotated[str, Field(max_length=253, description="Key in the Secret.")]
    port: Annotated[int, Field(description="Port of the pod, for example for kubectl port-forward.")]


class AgentJobStatus(ApiModel):
    """What became of it."""

    observed_generation: Annotated[
        int, Field(description="metadata.generation that this status was concluded from.")
    ] = 0
    phase: Annotated[Phase | None, Field(description="Sums up the conditions.")] = None
    reason: Annotated[
        str | None, Field(max_length=64, description="The reason that matters now; see the API reference.")
    ] = None
    message: Annotated[str | None, Field(max_length=4096, description="A sentence: what happens, or what to do.")] = (
        None
    )
    attempts: Annotated[int, Field(description="Attempts created so far.")] = 0
    failures: Annotated[int, Field(description="Attempts that crashed: they count against backoffLimit.")] = 0
    disruptions: Annotated[
        int, Field(description="Attempts ended from outside: eviction, drain, preemption, node lost.")
    ] = 0
    resumed_from_attempt: Annotated[
        int | None,
        Field(description="The attempt whose checkpoint the current one goes on from; absent when it started afresh."),
    ] = None
    start_time: Annotated[
        str | None, Field(description="When an agent first started.", json_schema_extra={"format": "date-time"})
    ] = None
    attempt_time: Annotated[
        str | None,
        Field(description="When the current attempt began to wait.", json_schema_extra={"format": "date-time"}),
    ] = None
    completion_time: Annotated[
        str | None, Field(description="When it ended.", json_schema_extra={"format": "date-time"})
    ] = None
    job_name: Annotated[str | None, Field(max_length=253, description="The Job of the current attempt.")] = None
    job_uid: Annotated[str | None, Field(alias="jobUID", max_length=64, description="Its uid.")] = None
    pod_name: Annotated[str | None, Field(max_length=253, description="The pod of the current attempt.")] = None
    session_id: Annotated[str | None, Field(alias="sessionID", max_length=128, description="The agent's session.")] = (
        None
    )
    desktop: Annotated[Access | None, Field(description="The desktop, for as long as it is there.")] = None
    notebook: Annotated[Access | None, Field(description="The notebook, for as long as it is there.")] = None
    artifacts: Annotated[Artifacts | None, Field(description="What is in the object store.")] = None
    usage: Annotated[Usage | None, Field(description="Spent over all attempts.")] = None
    result: Annotated[
        str | None, Field(max_length=4096, description="What the agent says it did. Its claim, not a fact.")
    ] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Conditions as in the Kubernetes API conventions.",
            json_schema_extra=list_map("type"),
        ),
    ] = ()
