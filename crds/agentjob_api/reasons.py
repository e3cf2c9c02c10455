"""Every reason a condition can carry, once: what it means, what happens next, what the user should do."""

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What the operator does next when it concludes a reason; `EFFECT_MEANINGS` explains each."""

    WAITS = "Waits"
    RUNS = "Runs"
    RETRIES = "Retries"
    DISRUPTS = "Disrupts"
    ENDS = "Ends"
    SUCCEEDS = "Succeeds"
    HARMLESS = "Harmless"


EFFECT_MEANINGS: dict[Effect, str] = {
    Effect.WAITS: "Recovers by itself when the cause goes away; terminal after `limits.startDeadlineSeconds`.",
    Effect.RUNS: "An ordinary state of progress.",
    Effect.RETRIES: "A new attempt that counts against `backoffLimit`; terminal when none is left.",
    Effect.DISRUPTS: "A new attempt that does not count, up to a cap of its own.",
    Effect.ENDS: "Failed, not retried.",
    Effect.SUCCEEDS: "Ended with success.",
    Effect.HARMLESS: "Of desktop or notebook only: the agent works on, and the end of the job is not touched.",
}


class Reason(StrEnum):
    """Reasons of conditions; `TABLE` explains each."""

    # progress
    ACCEPTED = "Accepted"
    POD_STARTING = "PodStarting"
    AGENT_RUNNING = "AgentRunning"
    RETRYING = "Retrying"
    # waiting
    JOB_CREATE_REFUSED = "JobCreateRefused"
    NAME_CONFLICT = "NameConflict"
    POD_SECURITY_VIOLATION = "PodSecurityViolation"
    QUOTA_EXCEEDED = "QuotaExceeded"
    UNSCHEDULABLE = "Unschedulable"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - a reason, not a password
    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    VOLUME_UNAVAILABLE = "VolumeUnavailable"
    NETWORK_POLICIES_OFF = "NetworkPoliciesOff"
    # attempts that may be repeated
    AGENT_OOM_KILLED = "AgentOOMKilled"
    AGENT_KILLED = "AgentKilled"
    AGENT_CRASHED = "AgentCrashed"
    COURIER_CRASHED = "CourierCrashed"
    PREPARE_FAILED = "PrepareFailed"
    REPOSITORY_UNREACHABLE = "RepositoryUnreachable"
    MODEL_UNAVAILABLE = "ModelUnavailable"
    ATTEMPT_LOST = "AttemptLost"
    POD_FAILED = "PodFailed"
    ARCHIVE_FAILED = "ArchiveFailed"
    DISRUPTED = "Disrupted"
    # ends
    TOO_MANY_DISRUPTIONS = "TooManyDisruptions"
    START_DEADLINE_EXCEEDED = "StartDeadlineExceeded"
    AGENT_FAILED = "AgentFailed"
    STEP_LIMIT = "StepLimit"
    TOKEN_LIMIT = "TokenLimit"  # noqa: S105 - a reason, not a password
    COST_LIMIT = "CostLimit"
    TIMEOUT = "Timeout"
    STUCK = "Stuck"
    FORMAT_ERRORS = "FormatErrors"
    CONTEXT_OVERFLOW = "ContextOverflow"
    MODEL_UNAUTHORIZED = "ModelUnauthorized"
    MODEL_REFUSED = "ModelRefused"
    REPOSITORY_UNAUTHORIZED = "RepositoryUnauthorized"
    REPOSITORY_NOT_FOUND = "RepositoryNotFound"
    REF_NOT_FOUND = "RefNotFound"
    WORKSPACE_FULL = "WorkspaceFull"
    ARCHIVE_TOO_LARGE = "ArchiveTooLarge"
    # success
    COMPLETED = "Completed"
    ARCHIVED = "Archived"
    # desktop and notebook
    READY = "Ready"
    STARTING = "Starting"
    NOT_READY = "NotReady"
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    CANNOT_START = "CannotStart"
    CRASHED = "Crashed"
    LINGERING = "Lingering"
    ENDED = "Ended"


@dataclass(frozen=True)
class ReasonInfo:
    """One row of the table in the API reference."""

    effect: Effect
    meaning: str
    action: str


_W, _R, _E, _H = Effect.WAITS, Effect.RETRIES, Effect.ENDS, Effect.HARMLESS
_I = ReasonInfo
TABLE: dict[Reason, ReasonInfo] = {
    Reason.ACCEPTED: _I(Effect.RUNS, "The spec was read and an attempt was created.", "Nothing."),
    Reason.POD_STARTING: _I(Effect.RUNS, "The pod is being scheduled, its images pulled, its workspace prepared.", "Nothing."),
    Reason.AGENT_RUNNING: _I(Effect.RUNS, "The agent works.", "Follow it: kubectl logs -f POD -c agent."),
    Reason.RETRYING: _I(Effect.RUNS, "An attempt ended without a verdict; the next one is created.", "Nothing."),
    Reason.JOB_CREATE_REFUSED: _I(_W, "The API server or an admission webhook refused the Job.", "Read the message and change the policy or the AgentJob."),
    Reason.NAME_CONFLICT: _I(_W, "An object with a name that the operator needs exists and belongs to somebody else.", "Delete or rename the other object."),
    Reason.POD_SECURITY_VIOLATION: _I(_W, "The namespace's Pod Security level refuses the pod.", "Use a level that allows `restricted`, or remove what violates it from the spec."),
    Reason.QUOTA_EXCEEDED: _I(_W, "A ResourceQuota or LimitRange of the namespace has no room.", "Free quota, or lower spec.resources."),
    Reason.UNSCHEDULABLE: _I(_W, "No node fits the pod.", "Add a node, or change resources, nodeSelector or tolerations."),
    Reason.IMAGE_PULL_FAILED: _I(_W, "An image cannot be pulled.", "Correct spec.image, or add spec.imagePullSecrets."),
    Reason.SECRET_MISSING: _I(_W, "A Secret, or a key in it, that the spec names is not there.", "Create the Secret with that key."),
    Reason.CONTAINER_CONFIG_ERROR: _I(_W, "A container cannot be configured.", "Read the message; it is the kubelet's."),
    Reason.VOLUME_UNAVAILABLE: _I(_W, "A volume cannot be made, bound or mounted.", "Correct workspace.storageClassName if it is that volume; the message is the cluster's."),
    Reason.NETWORK_POLICIES_OFF: _I(_W, "spec.network asks for what only NetworkPolicies can do, and the operator makes none.", "Have networkPolicies.enabled set, or leave spec.network out."),
    Reason.AGENT_OOM_KILLED: _I(_R, "The agent used more memory than its limit.", "Raise spec.resources.limits.memory."),
    Reason.AGENT_KILLED: _I(_R, "The agent was killed by a signal.", "Look at the events and the agent's log."),
    Reason.AGENT_CRASHED: _I(_R, "The agent ended without a verdict.", "Look at the agent's log; please report it."),
    Reason.COURIER_CRASHED: _I(_R, "The courier ended without a report.", "Look at the courier's log; please report it."),
    Reason.PREPARE_FAILED: _I(_R, "The workspace could not be prepared.", "Look at the log of the container prepare."),
    Reason.REPOSITORY_UNREACHABLE: _I(_R, "The Git host did not answer.", "Check repository.url and the network."),
    Reason.MODEL_UNAVAILABLE: _I(_R, "The model's endpoint failed or refused for want of capacity, again and again.", "Check model.endpoint, and the provider's status and rate limits."),
    Reason.ATTEMPT_LOST: _I(_R, "The attempt's Job or Pod is gone and left no report.", "Find out who deleted it; apply the AgentJob again."),
    Reason.POD_FAILED: _I(_R, "The pod failed in a way that says nothing of the agent.", "Read the message; it is the kubelet's."),
    Reason.ARCHIVE_FAILED: _I(_E, "The workspace could not be uploaded.", "Check the object store, its bucket and its credential."),
    Reason.DISRUPTED: _I(Effect.DISRUPTS, "The pod was evicted, preempted, drained, or its node was lost.", "Nothing; it is tried again without counting."),
    Reason.TOO_MANY_DISRUPTIONS: _I(_E, "Disrupted more often than the cap allows.", "Run it where pods are left alone."),
    Reason.START_DEADLINE_EXCEEDED: _I(_E, "What it waited for did not come within limits.startDeadlineSeconds.", "Remove the cause, or raise limits.startDeadlineSeconds, and apply it again."),
    Reason.AGENT_FAILED: _I(_E, "The agent says that it could not do the task.", "Read its result and the log; give it more to go on."),
    Reason.STEP_LIMIT: _I(_E, "limits.steps is reached.", "Raise limits.steps, or split the task."),
    Reason.TOKEN_LIMIT: _I(_E, "limits.tokens is used up.", "Raise limits.tokens, or split the task."),
    Reason.COST_LIMIT: _I(_E, "limits.costUSD is used up.", "Raise limits.costUSD, or split the task."),
    Reason.TIMEOUT: _I(_E, "limits.timeoutSeconds is over.", "Raise limits.timeoutSeconds, or split the task."),
    Reason.STUCK: _I(_E, "The agent repeated itself and a nudge did not help.", "Put the task in other words, or use another model."),
    Reason.FORMAT_ERRORS: _I(_E, "The model kept making calls that cannot be understood.", "Use a model that is good at tool calls."),
    Reason.CONTEXT_OVERFLOW: _I(_E, "The conversation does not fit the model's context even after compaction.", "Use a model with a larger context."),
    Reason.MODEL_UNAUTHORIZED: _I(_E, "The model's endpoint refused the key.", "Correct the Secret of model.apiKeySecretRef."),
    Reason.MODEL_REFUSED: _I(_E, "The model's endpoint refused the request for good.", "Check model.name and model.endpoint; the message is the provider's."),
    Reason.REPOSITORY_UNAUTHORIZED: _I(_E, "The Git host refused the credential, or wants one.", "Correct the Secret of repository.credentialsSecretRef."),
    Reason.REPOSITORY_NOT_FOUND: _I(_E, "The repository does not exist, or the credential may not see it.", "Correct repository.url."),
    Reason.REF_NOT_FOUND: _I(_E, "The repository has no such branch, tag or commit.", "Correct repository.ref."),
    Reason.WORKSPACE_FULL: _I(_E, "The workspace, or another volume of the pod that the message names, outgrew its limit.", "Raise workspace.size if it is the workspace; otherwise write less to home and /tmp, or have the operator's limits for them raised."),
    Reason.ARCHIVE_TOO_LARGE: _I(_E, "The archive would be larger than archive.maxBytes, or hold too many files.", "Exclude more (archive.exclude), or raise archive.maxBytes if that is the limit."),
    Reason.COMPLETED: _I(Effect.SUCCEEDS, "The agent says that the task is done, and its workspace is archived.", "Download it: status.artifacts.downloadURL."),
    Reason.ARCHIVED: _I(Effect.RUNS, "The archive was uploaded and verified.", "Nothing."),
    Reason.READY: _I(_H, "It can be used.", "Open it: status.desktop and status.notebook say where, and which Secret holds the token."),
    Reason.STARTING: _I(_H, "Its image is being pulled, or it starts.", "Nothing."),
    Reason.NOT_READY: _I(_H, "It does not answer as it should; what dies is started again.", "Look at its log: kubectl logs POD -c desktop (or notebook)."),
    Reason.IMAGE_UNAVAILABLE: _I(_H, "Its image cannot be pulled.", "Tell the administrator, who configures the image."),
    Reason.CANNOT_START: _I(_H, "Its container cannot be started.", "Tell the administrator, who configures the image."),
    Reason.CRASHED: _I(_H, "Its container has ended before the agent did.", "Tell the administrator, who configures image and memory limit."),
    Reason.LINGERING: _I(_H, "The agent has ended; it stays until lingerSeconds are over.", "Delete the AgentJob to end it before."),
    Reason.ENDED: _I(_H, "It has ended with the attempt.", "Nothing."),
}  # fmt: skip
