"""AgentJobs, Jobs and Pods from the API's JSON. Pure."""

from typing import Final

from agentjob_api import names

from agentjob_operator.objects import AgentJob, Container, Job, Json, ObjectCondition, Pod, Terminated, Waiting

LABEL_CONTROLLER_UID: Final = "batch.kubernetes.io/controller-uid"
"""What the Job controller puts on its pods, and leaves there when the Job goes without them."""
JOB_CONDITIONS: Final = frozenset({"Failed", "FailureTarget", "Complete"})
POD_CONDITIONS: Final = frozenset({"PodScheduled", "DisruptionTarget"})
"""What is read of conditions; the others change often and would be noticed as changes."""


def agentjob_of(raw: Json) -> AgentJob:
    """From an AgentJob's JSON."""
    meta = raw["metadata"]
    return AgentJob(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        generation=meta.get("generation", 1),
        created=meta["creationTimestamp"],
        deleting="deletionTimestamp" in meta,
        spec=raw.get("spec") or {},
        status=raw.get("status") or {},
    )


def job_of(raw: Json) -> Job:
    """From a Job's JSON."""
    meta = raw["metadata"]
    return Job(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        owner_uid=_controller_uid(meta),
        agentjob=_agentjob_name(meta),
        created=meta["creationTimestamp"],
        deleting="deletionTimestamp" in meta,
        conditions=_conditions(raw.get("status") or {}, JOB_CONDITIONS),
        resumed_from=_resumed_from(meta),
    )


def pod_of(raw: Json, *, gone: bool = False) -> Pod:
    """From a Pod's JSON."""
    meta, status = raw["metadata"], raw.get("status") or {}
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        job_uid=_controller_uid(meta) or _orphaned_by(meta),
        agentjob=_agentjob_name(meta),
        created=meta["creationTimestamp"],
        deletion=meta.get("deletionTimestamp"),
        phase=status.get("phase", ""),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        conditions=_conditions(status, POD_CONDITIONS),
        containers=_containers(status),
        gone=gone,
    )


def _agentjob_name(meta: Json) -> str:
    return str((meta.get("annotations") or {}).get(names.ANNOTATION_NAME, ""))


def _resumed_from(meta: Json) -> int | None:
    text = str((meta.get("annotations") or {}).get(names.ANNOTATION_RESUMED_FROM, ""))
    # Anybody may have written it.
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _controller_uid(meta: Json) -> str:
    return next((str(ref["uid"]) for ref in meta.get("ownerReferences") or () if ref.get("controller")), "")


def _orphaned_by(meta: Json) -> str:
    """uid of the Job that made a pod and was deleted without it (`--cascade=orphan`)."""
    return str((meta.get("labels") or {}).get(LABEL_CONTROLLER_UID, ""))


def _conditions(status: Json, wanted: frozenset[str]) -> tuple[ObjectCondition, ...]:
    return tuple(
        ObjectCondition(
            one["type"],
            one["status"],
            one.get("reason") or "",
            one.get("message") or "",
            one.get("lastTransitionTime") or "",
        )
        for one in status.get("conditions") or ()
        if one["type"] in wanted
    )


def _containers(status: Json) -> dict[str, Container]:
    statuses = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return {one["name"]: _container(one) for one in statuses}


def _container(raw: Json) -> Container:
    state = raw.get("state") or {}
    waiting, running = state.get("waiting"), state.get("running")
    return Container(
        name=raw["name"],
        image=raw.get("image", ""),
        ready=raw.get("ready", False),
        waiting=None if waiting is None else Waiting(waiting.get("reason", ""), waiting.get("message", "")),
        running_since=None if running is None else running.get("startedAt") or "",
        terminated=_terminated(state.get("terminated")),
        ended=_terminated((raw.get("lastState") or {}).get("terminated")),
    )


def _terminated(raw: Json | None) -> Terminated | None:
    if raw is None:
        return None
    return Terminated(
        exit_code=raw.get("exitCode", 0),
        signal=raw.get("signal", 0),
        reason=raw.get("reason", ""),
        message=raw.get("message", ""),
        started_at=raw.get("startedAt") or "",
        finished_at=raw.get("finishedAt") or "",
    )
