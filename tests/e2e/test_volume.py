"""A workspace on a volume of a real provisioner: told while nobody makes it, used, and gone with the pod."""

from pathlib import Path

from agentjob_api.reasons import Reason

from e2e.support import expect, provisioner
from e2e.support.api import Api
from e2e.support.download import download
from e2e.support.script import after, done, sh, task
from e2e.support.tenant import Tenant, agentjob

CLAIMS = "persistentvolumeclaims"


def test_a_workspace_on_a_volume(api: Api, tenant: Tenant, storage_class: str, tmp_path: Path) -> None:
    """No provisioner: VolumeUnavailable in the cluster's own words. With it the same AgentJob runs by itself, its archive is
    what was on the volume, and with the pod the claim and the volume go."""
    script = (sh("echo kept > kept.txt; df --output=target /workspace | tail -1"), after(done(), contains="/workspace"))
    tenant.apply(agentjob("claim", task(*script), workspace={"size": "64Mi", "storageClassName": storage_class}))
    waits = tenant.reasoned("claim", Reason.VOLUME_UNAVAILABLE)
    assert "rancher.io/local-path" in waits["status"]["message"]
    assert len(api.items(tenant.path(CLAIMS))) == 1
    with provisioner.running():
        job = tenant.finished("claim")
        expect.succeeded(job)
        expect.attempts(job, 1)
        assert download(job, tmp_path).read("kept.txt") == b"kept\n"
        tenant.delete("claim")
        api.wait_empty(tenant.path(CLAIMS), 120)
        api.wait_empty("/api/v1/persistentvolumes", 120)
