"""The life of a release on the real cluster: from the first version to this one while jobs run, back, and away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from agentjob_operator.manifests.network import NAMES

from e2e.support import expect, provisioner, release, shell
from e2e.support.api import Api, Json
from e2e.support.download import download
from e2e.support.paths import CHART, E2E, REPOSITORY
from e2e.support.release import RELEASE, SYSTEM, Release
from e2e.support.script import done, sh, task, wait_for
from e2e.support.tenant import Tenant, agentjob
from images import catalog

pytestmark = pytest.mark.replaces
FIRST_VERSION = REPOSITORY / "tests" / "chart" / "first-version" / "agentjob-0.1.0.tgz"
NEWER = ("monitoring", "networkPolicies")
"""Values that it did not know."""
KINDS = "all,secrets,configmaps,persistentvolumeclaims,serviceaccounts,roles,rolebindings,networkpolicies,leases,pdb"
CLUSTER_KINDS = "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"
LEFT = {
    "persistentvolumeclaim/data-agentjob-minio-0": "the archives",
    "lease.coordination.k8s.io/agentjob-operator": "made by the operator, not by helm",
    "configmap/kube-root-ca.crt": "Kubernetes' own",
    "serviceaccount/default": "Kubernetes' own",
}
"""What an uninstall leaves in the release's namespace (docs/install.md)."""


@pytest.fixture
def room(installed: Release) -> Iterator[None]:
    """The tests' own release is gone; the next session installs it anew."""
    assert installed
    _helm("uninstall", RELEASE)
    yield
    _helm("uninstall", RELEASE, "--ignore-not-found")
    shell.kubectl("-n", SYSTEM, "delete", "pvc", "--all", "--ignore-not-found")


def _helm(verb: str, *arguments: str) -> str:
    return shell.run("helm", verb, *arguments, "--namespace", SYSTEM, "--wait", "--timeout", "4m", seconds=260)


def _values(folder: Path, storage_class: str, **operator: object) -> tuple[str, ...]:
    """As the other tests have them, but with a volume for MinIO; with `operator`, that part of the first version's."""
    plain: Json = yaml.safe_load((E2E / "values.yaml").read_text())
    if operator:
        plain = {name: value for name, value in plain.items() if name not in NEWER} | {"operator": operator}
    plain["minio"]["persistence"] = {"enabled": True, "size": "1Gi", "storageClassName": storage_class}
    chosen = folder / f"{len(operator)}.yaml", folder / f"{len(operator)}-cluster.yaml"
    chosen[0].write_text(yaml.safe_dump(plain))
    chosen[1].write_text(yaml.safe_dump(release.cluster_values(catalog.read(REPOSITORY))))
    return tuple(word for path in chosen for word in ("--values", str(path)))


def _keeps(text: str) -> str:
    return task(sh(f"echo {text} > kept.txt"), done())


@pytest.mark.usefixtures("room")
def test_first_version_upgrade_rollback_uninstall(api: Api, tenant: Tenant, storage_class: str, tmp_path: Path) -> None:
    """A job that runs all through the upgrade ends well; every archive stays where its URL says; what is left is what is told."""
    # Today's operator with the rights of then, which know no NetworkPolicies.
    then = {"replicas": 1, "extraEnv": [{"name": "AGENTJOB_NETWORK__ENABLED", "value": "false"}]}
    with provisioner.running():
        _helm("install", RELEASE, str(FIRST_VERSION), *_values(tmp_path, storage_class, **then))
        tenant.apply(agentjob("before", _keeps("before")))
        tenant.apply(agentjob("over", task(sh("echo over > kept.txt"), wait_for("/tmp/go"), done())))
        before = tenant.finished("before")
        expect.succeeded(before)
        tenant.said("over", "holding-go")

        said = _helm("upgrade", RELEASE, str(CHART), *_values(tmp_path, storage_class))
        assert "kubectl -n NAMESPACE get agentjobs" in said
        tenant.apply(agentjob("after", _keeps("after")))
        tenant.exec("over", "touch", "/tmp/go")
        jobs = {name: tenant.finished(name) for name in ("over", "after")}
        _are_there({**jobs, "before": before}, tmp_path)
        # Its store was away for a moment, and came back as another pod.
        expect.whole_log(release.store_of(api).log(jobs["over"]))
        policies = api.items(f"/apis/networking.k8s.io/v1/namespaces/{tenant.namespace}/networkpolicies")
        assert {item["metadata"]["name"] for item in policies} == set(NAMES)

        _helm("rollback", RELEASE, "1")
        tenant.apply(agentjob("back", _keeps("back")))
        jobs["back"] = tenant.finished("back")
        _are_there({**jobs, "before": before}, tmp_path / "back")

        _helm("uninstall", RELEASE, "--cascade", "foreground")
    _only_what_is_told_is_left(tenant)


def _are_there(jobs: dict[str, Json], folder: Path) -> None:
    for name, job in jobs.items():
        expect.succeeded(job)
        expect.attempts(job, 1)
        (folder / name).mkdir(parents=True)
        assert download(job, folder / name).read("kept.txt").decode().strip() == name


def _only_what_is_told_is_left(tenant: Tenant) -> None:
    """The CRD and all AgentJobs are, too; deleting them waits for nobody."""
    found = set(shell.kubectl("-n", SYSTEM, "get", KINDS, "-o", "name").split())
    assert found <= set(LEFT), found
    assert shell.kubectl("get", CLUSTER_KINDS, "-l", "app.kubernetes.io/name=agentjob", "-o", "name") == ""
    assert len(tenant.api.items(tenant.path("agentjobs"))) == 4
    shell.kubectl("-n", tenant.namespace, "delete", "agentjobs", "--all", "--timeout", "20s")
