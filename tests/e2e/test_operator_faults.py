"""The operator is away, or dies: no job is lost, none hangs, none runs twice."""

import pytest

from e2e.support import expect, shell
from e2e.support.api import Api, Json
from e2e.support.release import OPERATOR, SYSTEM, scale
from e2e.support.script import done, sh, task, wait_for
from e2e.support.tenant import Tenant, agentjob, status

pytestmark = pytest.mark.disturbs
OPERATOR_PODS = f"/api/v1/namespaces/{SYSTEM}/pods"
OPERATOR_LABEL = "app.kubernetes.io/component=operator"


def _ended(tenant: Tenant, name: str) -> bool:
    """Whether agent and courier of the only pod are done."""
    (pod,) = tenant.pods(name)
    return all("terminated" in entry["state"] for entry in pod["status"].get("containerStatuses", [{"state": {}}]))


def test_jobs_are_created_and_end_while_the_operator_is_away(api: Api, tenant: Tenant) -> None:
    """Created meanwhile: started afterwards. Ended meanwhile: its end is read afterwards. Neither has a second pod."""
    tenant.apply(agentjob("ends", task(wait_for("/tmp/go"), done())))
    tenant.said("ends", "holding-go")
    scale(api, OPERATOR, 0)
    try:
        tenant.apply(agentjob("created", task(sh("echo kept > kept.txt"), done())))
        tenant.exec("ends", "touch", "/tmp/go")
        api.wait_any(tenant.path("pods"), lambda _pod: _ended(tenant, "ends"), 120)
        assert "jobName" not in status(tenant.job("created"))
        assert status(tenant.job("ends"))["phase"] == "Running"
    finally:
        scale(api, OPERATOR, 1)
    for name in ("created", "ends"):
        job = tenant.finished(name)
        expect.succeeded(job)
        expect.attempts(job, 1)
        assert len(tenant.pods(name)) == 1


def test_an_operator_that_is_killed_again_and_again(api: Api, tenant: Tenant) -> None:
    """SIGKILL without warning while jobs are in every state: each still ends once, with one Job and one archive."""
    jobs = [f"job-{number}" for number in range(6)]
    tenant.apply(*(agentjob(name, task(sh("sleep 1; echo kept > kept.txt"), done())) for name in jobs))
    for _ in range(3):
        ready = api.wait_any(OPERATOR_PODS, _is_ready, 120, labelSelector=OPERATOR_LABEL)
        name = ready["metadata"]["name"]
        shell.kubectl("-n", SYSTEM, "delete", "pod", name, "--grace-period=0", "--force")
    for name in jobs:
        job = tenant.finished(name)
        expect.succeeded(job)
        expect.attempts(job, 1)
        assert len(tenant.pods(name)) == 1


def _is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", [])
    return "deletionTimestamp" not in pod["metadata"] and any(
        entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions
    )
