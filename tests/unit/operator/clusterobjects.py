"""AgentJobs, Jobs and Pods as a real API server writes them, for the pure parts' tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from agentjob_api import names
from agentjob_api.report import Report, StoredObject, Verdict
from agentjob_operator.decoding import agentjob_of, job_of, pod_of
from agentjob_operator.objects import AgentJob, Job, Pod

Json = dict[str, Any]
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
UID, JOB_UID, POD_UID = "11111111-aaaa", "22222222-bbbb", "33333333-cccc"
PREFIX = f"ns/todo/{UID}/1/"
CREATED = "2026-05-01T11:59:50Z"


def at(seconds: float) -> str:
    """An API time, relative to NOW."""
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def agentjob(status: Json | None = None, created: str = CREATED, **spec: Any) -> AgentJob:
    """`status` as raw JSON."""
    meta = {"namespace": "ns", "name": "todo", "uid": UID, "resourceVersion": "10", "generation": 1}
    return agentjob_of(
        {"metadata": meta | {"creationTimestamp": created}, "spec": {"task": "x", **spec}, "status": status or {}}
    )


def recorded(**fields: Any) -> Json:
    """A status that has recorded attempt 1."""
    return {
        "attempts": 1,
        "jobUID": JOB_UID,
        "jobName": "todo-1",
        "phase": "Running",
        "reason": "AgentRunning",
        **fields,
    }


def job(*conditions: Json, created: str = CREATED, uid: str = JOB_UID, version: str = "20") -> Job:
    """Ours."""
    owner = {"uid": UID, "controller": True, "kind": "AgentJob", "name": "todo"}
    meta = {
        "namespace": "ns",
        "name": "todo-1",
        "uid": uid,
        "resourceVersion": version,
        "creationTimestamp": created,
        "ownerReferences": [owner],
        "annotations": {names.ANNOTATION_NAME: "todo"},
    }
    return job_of({"metadata": meta, "status": {"conditions": list(conditions)}})


def condition(type_: str, reason: str = "", message: str = "", status: str = "True", time: str = CREATED) -> Json:
    """Of a Job or a Pod."""
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": time}


def pod(
    fields: Json | None = None, *, gone: bool = False, deletion: str | None = None, version: str = "30", **states: Json
) -> Pod:
    """Container states by name; `fields` are others of its status."""
    owner = {"uid": JOB_UID, "controller": True, "kind": "Job", "name": "todo-1"}
    meta = {
        "namespace": "ns",
        "name": "todo-1-x",
        "uid": POD_UID,
        "resourceVersion": version,
        "creationTimestamp": CREATED,
        "ownerReferences": [owner],
        "annotations": {names.ANNOTATION_NAME: "todo"},
        **({"deletionTimestamp": deletion} if deletion else {}),
    }
    named = {name.replace("_", "-"): state for name, state in states.items()}
    status = {
        "phase": "Running",
        **(fields or {}),
        "initContainerStatuses": [_status(name, named) for name in ("model-proxy", "prepare")],
        "containerStatuses": [
            _status(name, named)
            for name in ("courier", "agent", "notebook", "desktop")
            if name in named or name in ("courier", "agent")
        ],
    }
    return pod_of({"metadata": meta, "status": status}, gone=gone)


def running() -> Json:
    return {"running": {"startedAt": at(-5)}}


def ready() -> Json:
    return {**running(), "ready": True}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(exit_code: int = 0, reason: str = "", message: str = "", started: float = -100, finished: float = -1) -> Json:
    """Times in seconds, relative to NOW."""
    reason = reason or ("Completed" if exit_code == 0 else "Error")
    times = {"startedAt": at(started), "finishedAt": at(finished)}
    return {"terminated": {"exitCode": exit_code, "reason": reason, "message": message, **times}}


def at_work(**states: Json) -> Json:
    """All containers of a pod whose agent works, with what `states` replaces."""
    return {"model_proxy": running(), "prepare": ended(), "agent": running(), "courier": running(), **states}


def archive(**fields: Any) -> StoredObject:
    return StoredObject(**{"key": f"{PREFIX}workspace.zip", "bytes": 7, "sha256": "ab" * 32, "files": 1, **fields})


def report(verdict: Verdict = Verdict.SUCCESS, **fields: Any) -> str:
    """Termination message of the courier."""
    values = {"uid": UID, "attempt": 1, "workspace": archive(), **fields}
    return Report(verdict=verdict, **values).to_json()


def _status(name: str, states: Json) -> Json:
    state = states.get(name, waiting("PodInitializing"))
    return {"name": name, "image": f"registry/{name}:1", "ready": state.pop("ready", False), "state": state}
