"""The object store is away, or has no bucket: archives are late or missing, never half there, and jobs say so."""

import pytest
from agentjob_api.pod import Container

from e2e.support import expect
from e2e.support.api import Api, Json
from e2e.support.release import RELEASE, SYSTEM, Release
from e2e.support.script import done, sh, task, wait_for
from e2e.support.tenant import Tenant, agentjob, status

pytestmark = pytest.mark.disturbs
SERVICE = f"/api/v1/namespaces/{SYSTEM}/services/{RELEASE}-minio"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices"


def _cut_off(api: Api, *, away: bool) -> None:
    """Takes the store off the network, or puts it back; its data stays, as that of a store that is restarted."""
    api.patch(SERVICE, {"spec": {"selector": {"agentjob-e2e/away": "true" if away else None}}})
    api.wait_any(
        SLICES,
        lambda found: bool(found.get("endpoints")) != away,
        60,
        labelSelector=f"kubernetes.io/service-name={RELEASE}-minio",
    )


def test_a_store_that_comes_back_gets_the_archive(api: Api, tenant: Tenant) -> None:
    """The store is away while the agent ends: the courier keeps trying, and the job succeeds when it is back."""
    tenant.apply(agentjob("late", task(sh("echo kept > kept.txt"), wait_for("/tmp/go"), done())))
    tenant.said("late", "holding-go")
    _cut_off(api, away=True)
    try:
        tenant.exec("late", "touch", "/tmp/go")
        api.wait_any(tenant.path("pods"), lambda pod: "terminated" in _state(pod, "agent"), 120)
        tenant.said("late", "cannot store workspace.zip", Container.COURIER)
        assert status(tenant.job("late"))["phase"] == "Running"
    finally:
        _cut_off(api, away=False)
    job = tenant.finished("late")
    expect.succeeded(job)
    expect.attempts(job, 1)


def test_a_bucket_that_is_lost_is_made_anew(installed: Release, tenant: Tenant) -> None:
    """By the container beside MinIO, within the patience of the courier, which has everything again: nobody's help is needed."""
    tenant.apply(agentjob("no-bucket", task(sh("echo kept > kept.txt"), wait_for("/tmp/go"), done())))
    tenant.said("no-bucket", "holding-go")
    installed.store.remove_bucket()
    tenant.exec("no-bucket", "touch", "/tmp/go")
    expect.succeeded(tenant.finished("no-bucket"))


def _state(pod: Json, container: str) -> Json:
    found: list[Json] = [
        entry["state"] for entry in pod["status"].get("containerStatuses", []) if entry["name"] == container
    ]
    return found[0] if found else {}
