"""What only the cluster knows: a job that cannot start says why, starts by itself when the cause goes, and fails in time."""

from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.status import ConditionType, Phase

from e2e.support import expect
from e2e.support.api import Json
from e2e.support.script import done, task
from e2e.support.tenant import MODEL_SECRET, Tenant, agentjob, phase, status

NO_SECRET = {"apiKeySecretRef": {"name": "comes-later"}}
NO_KEY = {"apiKeySecretRef": {"name": MODEL_SECRET, "key": "no-such-key"}}
SOON = {"startDeadlineSeconds": 15}
HUGE = {"requests": {"memory": "900Gi"}, "limits": {"memory": "900Gi"}}


def _job(name: str, **spec: Any) -> Json:
    return agentjob(name, task(done()), **spec)


CASES = {
    "secret-late": _job("secret-late", model=NO_SECRET),
    "key-never": _job("key-never", model=NO_KEY, limits=SOON),
    "image-never": _job("image-never", image="localhost/agentjob/no-such-image:1", limits=SOON),
    "node-never": _job("node-never", nodeSelector={"no-such-label": "x"}, limits=SOON),
    "memory-never": _job("memory-never", resources=HUGE, limits=SOON),
    "class-never": _job("class-never", priorityClassName="no-such-class", limits=SOON),
}
WAITS_FOR_EVER = [
    ("key-never", Reason.SECRET_MISSING, "no-such-key"),
    ("image-never", Reason.IMAGE_PULL_FAILED, "no-such-image"),
    ("node-never", Reason.UNSCHEDULABLE, "node"),
    ("memory-never", Reason.UNSCHEDULABLE, "memory"),
    ("class-never", Reason.JOB_CREATE_REFUSED, "no-such-class"),
]


def test_a_missing_secret_that_comes_later_starts_the_job(fleet: Tenant) -> None:
    """The user reads what is missing, creates it, and need not touch the AgentJob."""
    job = fleet.reasoned("secret-late", Reason.SECRET_MISSING)
    assert phase(job) == Phase.PENDING
    assert "comes-later" in status(job)["message"]
    assert expect.condition(job, ConditionType.STARTED)["reason"] == Reason.SECRET_MISSING
    key = fleet.api.get(fleet.path("secrets", MODEL_SECRET))
    fleet.api.create(fleet.path("secrets"), {"metadata": {"name": "comes-later"}, "data": key["data"]})
    job = fleet.finished("secret-late")
    expect.succeeded(job)
    expect.attempts(job, 1)


@pytest.mark.parametrize(("name", "cause", "word"), WAITS_FOR_EVER)
def test_what_never_comes_ends_at_the_start_deadline(fleet: Tenant, name: str, cause: Reason, word: str) -> None:
    """First the cause, as a waiting reason; then a terminal one that still names the cause. No pod is left behind."""
    # The cause itself may be over before this test looks: the conditions keep it.
    job = fleet.finished(name)
    expect.failed(job, Reason.START_DEADLINE_EXCEEDED, word)
    reasons = {entry["reason"] for entry in status(job)["conditions"] if entry["status"] == "False"}
    assert cause in reasons, status(job)["conditions"]
    expect.not_archived(job)
    uid = job["metadata"]["uid"]
    fleet.api.wait_empty(fleet.path("pods"), 60, labelSelector=f"agentjob.io/uid={uid}")


def test_a_quota_on_jobs_that_gets_room_starts_the_job(tenant: Tenant) -> None:
    """The API server refuses the Job itself."""
    _quota_is_waited_for(tenant, "count/jobs.batch")


def test_a_quota_on_pods_that_gets_room_starts_the_job(tenant: Tenant) -> None:
    """The Job is there, and its controller is refused the pod."""
    _quota_is_waited_for(tenant, "pods")


def _quota_is_waited_for(tenant: Tenant, resource: str) -> None:
    tenant.api.create(tenant.path("resourcequotas"), {"metadata": {"name": "q"}, "spec": {"hard": {resource: "0"}}})
    # Nothing is refused before the quota controller has counted.
    tenant.api.wait(tenant.path("resourcequotas", "q"), lambda quota: "hard" in status(quota), 30)
    tenant.apply(_job("waits"))
    job = tenant.reasoned("waits", Reason.QUOTA_EXCEEDED)
    assert phase(job) == Phase.PENDING
    assert "q" in status(job)["message"]
    tenant.api.patch(tenant.path("resourcequotas", "q"), {"spec": {"hard": {resource: "5"}}})
    job = tenant.finished("waits")
    expect.succeeded(job)
    expect.attempts(job, 1)


def test_a_namespace_whose_limits_refuse_the_pod_is_named(tenant: Tenant) -> None:
    """A LimitRange that no pod of ours fits: the Job's controller is refused, and the user reads by what."""
    limits = [{"type": "Container", "max": {"memory": "1Mi"}}]
    tenant.api.create(tenant.path("limitranges"), {"metadata": {"name": "tiny"}, "spec": {"limits": limits}})
    tenant.apply(_job("refused", limits=SOON))
    job = tenant.finished("refused")
    expect.failed(job, Reason.START_DEADLINE_EXCEEDED, "memory")


def test_a_pod_that_pod_security_refuses_is_named(tenant: Tenant) -> None:
    """A policy of the cluster refuses the pod, in Pod Security's words; it starts when the policy lets it."""
    tenant.apply(_pod_policy(tenant.namespace), _pod_policy_binding(tenant.namespace))
    try:
        tenant.apply(_job("refused"))
        job = tenant.reasoned("refused", Reason.POD_SECURITY_VIOLATION)
        assert "violates PodSecurity" in status(job)["message"]
    finally:
        base = "/apis/admissionregistration.k8s.io/v1"
        tenant.api.delete(f"{base}/validatingadmissionpolicybindings/{tenant.namespace}")
        tenant.api.delete(f"{base}/validatingadmissionpolicies/{tenant.namespace}")
    expect.succeeded(tenant.finished("refused"))


def _pod_policy(name: str) -> Json:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    message = 'violates PodSecurity "restricted:latest": a stricter standard of this test'
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false", "message": message}],
        },
    }


def _pod_policy_binding(name: str) -> Json:
    only = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": only},
    }
