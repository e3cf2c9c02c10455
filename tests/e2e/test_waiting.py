"""What only the cluster knows: a job that cannot start says why, starts by itself when the cause goes, and fails in time."""

import time
from typing import Any

from agentjob_api.reasons import Reason
from agentjob_api.status import TERMINAL_PHASES, ConditionType, Phase

from e2e.support import expect
from e2e.support.api import ApiError, Json
from e2e.support.script import done, task
from e2e.support.tenant import MODEL_SECRET, Tenant, agentjob, phase, status

NO_SECRET = {"apiKeySecretRef": {"name": "comes-later"}}
NO_KEY = {"apiKeySecretRef": {"name": MODEL_SECRET, "key": "no-such-key"}}
NO_IMAGE = "localhost/agentjob/no-such-image:1"
SOON = {"startDeadlineSeconds": 15}
HUGE = {"requests": {"memory": "900Gi"}, "limits": {"memory": "900Gi"}}


def _job(name: str, **spec: Any) -> Json:
    return agentjob(name, task(done()), **spec)


CASES = {"secret-late": _job("secret-late", model=NO_SECRET)}
NEVER: dict[str, tuple[Json, Reason, str]] = {
    "key": (_job("key", model=NO_KEY, limits=SOON), Reason.SECRET_MISSING, "no-such-key"),
    "image": (_job("image", image=NO_IMAGE, limits=SOON), Reason.IMAGE_PULL_FAILED, "no-such-image"),
    "node": (_job("node", nodeSelector={"no-such-label": "x"}, limits=SOON), Reason.UNSCHEDULABLE, "node"),
    "memory": (_job("memory", resources=HUGE, limits=SOON), Reason.UNSCHEDULABLE, "memory"),
    "class": (
        _job("class", priorityClassName="no-such-class", limits=SOON),
        Reason.JOB_CREATE_REFUSED,
        "no-such-class",
    ),
}
"""AgentJobs that cannot start, what they wait for, and a word of the message that says so."""


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


def test_what_never_comes_ends_at_the_start_deadline(tenant: Tenant) -> None:
    """First the cause, as a waiting reason; then a terminal one that still names the cause. No pod is left behind."""
    tenant.apply(*(NEVER[name][0] for name in NEVER))
    told = _histories(tenant, set(NEVER))
    for name, (_, cause, word) in NEVER.items():
        job = tenant.job(name)
        expect.failed(job, Reason.START_DEADLINE_EXCEEDED, word)
        expect.not_archived(job)
        assert told[name][-2:] == [cause, Reason.START_DEADLINE_EXCEEDED], (name, told[name])
    tenant.api.wait_empty(tenant.path("pods"), 60)


def _histories(tenant: Tenant, names: set[str]) -> dict[str, list[str]]:
    """The reasons that each AgentJob gave, one after the other, until all are at their end."""
    told: dict[str, list[str]] = {name: [] for name in names}
    left = set(names)
    for event, item in tenant.api.watch(tenant.path("agentjobs"), 120):
        for job in item["items"] if event == "LISTED" else [item]:
            name, reason = job["metadata"]["name"], status(job).get("reason")
            if reason and told[name][-1:] != [reason]:
                told[name].append(reason)
            if phase(job) in TERMINAL_PHASES:
                left.discard(name)
        if not left:
            return told
    raise AssertionError(f"not at their end: {left}; reasons given: {told}")


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
        _until_in_force(tenant)
        tenant.apply(_job("refused"))
        job = tenant.reasoned("refused", Reason.POD_SECURITY_VIOLATION)
        assert "violates PodSecurity" in status(job)["message"]
    finally:
        base = "/apis/admissionregistration.k8s.io/v1"
        tenant.api.delete(f"{base}/validatingadmissionpolicybindings/{tenant.namespace}")
        tenant.api.delete(f"{base}/validatingadmissionpolicies/{tenant.namespace}")
    expect.succeeded(tenant.finished("refused"))


def _until_in_force(tenant: Tenant) -> None:
    # The API server tells nobody when it has taken a new policy in: pods are tried until one is refused.
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    user = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    containers = [{"name": "x", "image": "x", "securityContext": security}]
    probe = {"metadata": {"name": "probe"}, "spec": {"securityContext": user, "containers": containers}}
    for _ in range(100):
        try:
            tenant.api.request("POST", tenant.path("pods"), probe, query={"dryRun": "All"})
        except ApiError as error:
            if "a stricter standard of this test" in error.message:
                return
        time.sleep(0.2)
    raise AssertionError("the policy is not in force")


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
