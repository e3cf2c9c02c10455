"""What people and the cluster do to a running job: delete it, evict it, kill it. It ends once and leaves nothing."""

from pathlib import Path
from typing import Any

from agentjob_api.reasons import Reason
from agentjob_api.status import ConditionType

from e2e.support import expect
from e2e.support.api import Json
from e2e.support.download import download
from e2e.support.script import done, sh, task, wait_for
from e2e.support.store import Store
from e2e.support.tenant import Tenant, agentjob, status


def _holding(name: str, **spec: Any) -> Json:
    return agentjob(name, task(sh("echo kept > kept.txt"), wait_for("/tmp/go"), done()), **spec)


CASES = {
    "deleted": _holding("deleted"),
    "deleted-early": agentjob("deleted-early", task(done()), nodeSelector={"no-such-label": "x"}),
    "job-deleted": _holding("job-deleted"),
    "pod-deleted": _holding("pod-deleted"),
    "evicted": _holding("evicted"),
    "short-lived": agentjob("short-lived", task(done()), ttlSecondsAfterFinished=0),
    "prepare-crashes": agentjob(
        "prepare-crashes", task(done()), backoffLimit=1, repository={"url": "http://no-such-host.invalid/x.git"}
    ),
}


def _nothing_left(tenant: Tenant, name: str) -> None:
    for kind in ("jobs", "pods", "secrets"):
        tenant.api.wait_empty(tenant.path(kind), 180, labelSelector=f"agentjob.io/name={name}")


def test_deleting_a_running_job_leaves_nothing(fleet: Tenant, store: Store) -> None:
    """`kubectl delete` is the way to stop a job: Job, pod and Secret go with it, and no archive is half there."""
    fleet.said("deleted", "holding-go")
    job = fleet.job("deleted")
    fleet.delete("deleted")
    _nothing_left(fleet, "deleted")
    names = store.names_of(job)
    assert ("result.json" in {name.rpartition("/")[2] for name in names}) or not [n for n in names if "workspace" in n]


def test_deleting_a_waiting_job_leaves_nothing(fleet: Tenant) -> None:
    """A job that never started has a Job and a Secret already."""
    fleet.reasoned("deleted-early", Reason.UNSCHEDULABLE)
    fleet.delete("deleted-early")
    _nothing_left(fleet, "deleted-early")


def test_a_job_that_somebody_deleted_is_not_run_again(fleet: Tenant) -> None:
    """Once its uid is written, a missing Job is never silently created again: the attempt is lost, or its report decides."""
    fleet.said("job-deleted", "holding-go")
    fleet.api.delete(fleet.path("jobs", status(fleet.job("job-deleted"))["jobName"]))
    job = fleet.finished("job-deleted")
    assert status(job)["reason"] in {Reason.ATTEMPT_LOST, Reason.AGENT_CRASHED, Reason.AGENT_KILLED}, status(job)
    expect.sentence(status(job)["message"])
    assert status(job)["attempts"] == 1
    fleet.api.wait_empty(fleet.path("jobs"), 60, labelSelector="agentjob.io/name=job-deleted")


def test_a_pod_that_somebody_deleted_counts_as_a_disruption_or_a_loss(fleet: Tenant) -> None:
    """`kubectl delete pod` is no verdict on the agent."""
    fleet.said("pod-deleted", "holding-go")
    fleet.api.delete(fleet.path("pods", status(fleet.job("pod-deleted"))["podName"]))
    job = fleet.api.wait(
        fleet.path("agentjobs", "pod-deleted"),
        lambda found: status(found).get("attempts") == 2 or status(found).get("phase") == "Failed",
        240,
    )
    assert status(job).get("attempts") == 2 or status(job)["reason"] in {Reason.ATTEMPT_LOST, Reason.POD_FAILED}


def test_an_evicted_pod_is_tried_again_without_counting(fleet: Tenant, tmp_path: Path) -> None:
    """A drained node is nobody's fault: the next attempt goes on from the checkpoint, although `backoffLimit` is 0."""
    fleet.said("evicted", "holding-go")
    pod = status(fleet.job("evicted"))["podName"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": fleet.namespace}}
    fleet.api.create(f"{fleet.path('pods', pod)}/eviction", eviction)
    job = fleet.finished("evicted")
    expect.succeeded(job)
    expect.attempts(job, 2, disruptions=1)
    assert status(job)["resumedFromAttempt"] == 1
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_a_crash_is_repeated_as_often_as_asked(fleet: Tenant) -> None:
    """`backoffLimit: 1` makes two attempts, and the last one's reason is the job's."""
    job = fleet.finished("prepare-crashes")
    expect.failed(job, Reason.REPOSITORY_UNREACHABLE, "no-such-host")
    expect.attempts(job, 2, failures=2)
    assert expect.condition(job, ConditionType.STARTED).get("status") != "True"


def test_events_warn_of_what_went_wrong(fleet: Tenant) -> None:
    """`kubectl describe` shows each warning once, and says nothing of what goes well: an Event is a write, too."""
    warned = fleet.finished("prepare-crashes")["metadata"]["uid"]
    quiet = fleet.finished("evicted")["metadata"]["uid"]
    about = {"fieldSelector": "involvedObject.kind=AgentJob"}
    # It is written after the status.
    fleet.api.wait_any(
        fleet.path("events"), lambda event: event["reason"] == Reason.REPOSITORY_UNREACHABLE, 60, **about
    )
    found = fleet.api.items(fleet.path("events"), **about)
    reasons = sorted(event["reason"] for event in found if event["involvedObject"]["uid"] == warned)
    assert reasons == [Reason.REPOSITORY_UNREACHABLE, Reason.RETRYING]
    assert [event["reason"] for event in found if event["involvedObject"]["uid"] == quiet] == [Reason.RETRYING]


def test_a_finished_job_is_deleted_after_its_time(fleet: Tenant) -> None:
    """`ttlSecondsAfterFinished: 0`: gone with the next sweep, with all it owns."""
    fleet.api.wait_gone(fleet.path("agentjobs", "short-lived"), 240)
    _nothing_left(fleet, "short-lived")
