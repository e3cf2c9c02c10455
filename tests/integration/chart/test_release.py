"""helm's release on a real API server (no controllers, so nothing starts): install, upgrade, uninstall, and what the operator may do."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver.kubectl import Kubectl, await_established
from cluster.controlplane import control_plane

from charts import CHART, NAMESPACE, helm

ROOT = CHART.parents[1]
FIRST_VERSION = ROOT / "tests" / "chart" / "first-version" / "agentjob-0.1.0.tgz"
"""The chart as it was at commit d5f78fe, by `helm package`."""
OPERATOR = f"system:serviceaccount:{NAMESPACE}:agentjob"


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A server of its own: the release brings the CRD."""
    with control_plane(tmp_path_factory.mktemp("release")) as running:
        yield Kubectl(running.kubectl, running.kubeconfig)


@pytest.fixture
def release(kubectl: Kubectl) -> Iterator[str]:
    """What helm said at the install; uninstalled afterwards."""
    yield run_helm(kubectl, "install", "agentjob", CHART, "--create-namespace")
    helm("uninstall", "agentjob", "--ignore-not-found", "--namespace", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)


def run_helm(kubectl: Kubectl, *arguments: str | Path) -> str:
    """Its output; AssertionError with its words when it fails. Without hooks: the bucket's Job would never end here."""
    done = helm(*arguments, "--no-hooks", "--namespace", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)
    assert done.returncode == 0, done.stderr
    return done.stdout


ROOT_LOGIN, OPERATORS_LOGIN = "agentjob-minio", "agentjob-minio-operator"


def credential(kubectl: Kubectl, secret: str = ROOT_LOGIN) -> tuple[str, str]:
    """A generated access key and secret key: that of MinIO's root, or of the operator's user."""
    text = kubectl("get", "secret", secret, "-n", NAMESPACE, "-o", r"jsonpath={.data.access-key} {.data.secret-key}")
    access, secret = (base64.b64decode(part).decode() for part in text.split())
    return access, secret


def test_the_notes_say_what_to_do_next(release: str) -> None:
    """Key, first AgentJob, download, and that nobody outside can reach the download URLs yet."""
    told = ("create secret generic agentjob-model", "kind: AgentJob", "get agentjobs", "downloadURL")
    for words in (*told, "storage.publicEndpoint", "port-forward service/agentjob-minio", "and MinIO's volume"):
        assert words in release


def test_the_generated_credentials_survive_upgrades(release: str, kubectl: Kubectl) -> None:
    """Another one at each upgrade would lock the operator out of its own store, and break all URLs."""
    assert release
    logins = (ROOT_LOGIN, OPERATORS_LOGIN)
    first = [credential(kubectl, login) for login in logins]
    assert len({login[1] for login in first}) == 2
    assert all(len(login[0]) >= 8 and len(login[1]) == 40 for login in first)
    run_helm(kubectl, "upgrade", "agentjob", CHART, "--set", "operator.workers=4")
    assert [credential(kubectl, login) for login in logins] == first


def test_an_uninstall_keeps_the_crd_and_an_install_takes_it_again(release: str, kubectl: Kubectl) -> None:
    """Deleting the CRD deletes every AgentJob."""
    assert release
    await_established(kubectl)
    kubectl("create", "-f", str(ROOT / "manifests/examples/todo-app.yaml"))
    run_helm(kubectl, "uninstall", "agentjob")
    assert "todo-app" in kubectl("get", "agentjobs", "-o", "name")
    assert kubectl("get", "deployments,jobs,secrets,statefulsets", "-n", NAMESPACE, "-o", "name") == ""
    run_helm(kubectl, "install", "agentjob", CHART)
    assert "todo-app" in kubectl("get", "agentjobs", "-o", "name")
    kubectl("delete", "agentjob", "todo-app")


def test_an_upgrade_from_the_first_version_and_the_way_back(kubectl: Kubectl) -> None:
    """The CRD's new fields are there, AgentJobs and MinIO's credential stay, and `helm rollback` is not refused."""
    run_helm(kubectl, "install", "agentjob", FIRST_VERSION, "--create-namespace")
    try:
        await_established(kubectl)
        kubectl("create", "-f", str(ROOT / "manifests/examples/todo-app.yaml"))
        first = credential(kubectl)
        run_helm(kubectl, "upgrade", "agentjob", CHART)
        assert deployed_replicas(kubectl) == "2"
        # What was root's and the operator's is root's alone now: URLs that were signed with it stay good.
        assert credential(kubectl) == first
        assert credential(kubectl, OPERATORS_LOGIN)[0] == "agentjob-operator"
        assert (
            kubectl("get", "poddisruptionbudgets", "-n", NAMESPACE, "-o", "name").strip().endswith("agentjob-operator")
        )
        run_helm(kubectl, "rollback", "agentjob", "1")
        assert deployed_replicas(kubectl) == "1"
        assert kubectl("get", "poddisruptionbudgets", "-n", NAMESPACE, "-o", "name") == ""
        assert "todo-app" in kubectl("get", "agentjobs", "-o", "name")
        assert credential(kubectl) == first
        kubectl("delete", "agentjob", "todo-app")
    finally:
        helm("uninstall", "agentjob", "--namespace", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)


def test_limits_of_the_values_are_defaults_of_the_schema(kubectl: Kubectl) -> None:
    """Whoever reads an AgentJob sees what holds for it."""
    limits = "job.limits.steps=7,job.limits.tokens=1000000000000,job.limits.timeoutSeconds=60"
    run_helm(kubectl, "install", "agentjob", CHART, "--create-namespace", "--set", limits)
    try:
        await_established(kubectl)
        kubectl("create", "-f", str(ROOT / "manifests/examples/todo-app.yaml"))
        shown = json.loads(kubectl("get", "agentjob", "todo-app", "-o", "json"))["spec"]["limits"]
        assert shown == {"steps": 7, "tokens": 10**12, "timeoutSeconds": 60, "startDeadlineSeconds": 600}
        kubectl("delete", "agentjob", "todo-app")
    finally:
        helm("uninstall", "agentjob", "--namespace", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)


def test_a_refused_upgrade_changes_nothing(release: str, kubectl: Kubectl) -> None:
    """The schema and the chart's own checks come before the first request."""
    assert release
    for values, words in (
        ("operator.replicas=two", "/operator/replicas"),
        ("operator.leaderElection=false", "at once"),
    ):
        done = helm("upgrade", "agentjob", CHART, "--set", values, "-n", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)
        assert done.returncode != 0
        assert words in done.stderr
    assert deployed_replicas(kubectl) == "2"


def test_monitors_without_their_crds_are_refused_before_anything_is_installed(kubectl: Kubectl) -> None:
    """helm's own words; who has no Prometheus operator leaves them off, which is the default."""
    values = ("--set", "monitoring.podMonitor.enabled=true", "--create-namespace")
    done = helm("install", "agentjob", CHART, *values, "-n", NAMESPACE, "--kubeconfig", kubectl.kubeconfig)
    assert done.returncode != 0
    assert "ensure CRDs are installed first" in done.stderr
    assert "agentjob-operator" not in kubectl("get", "deployments", "-n", NAMESPACE, "-o", "name")


def deployed_replicas(kubectl: Kubectl) -> str:
    """Of the operator."""
    return kubectl("get", "deployment", "agentjob-operator", "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}")


@pytest.mark.parametrize("verb", ["get", "list", "watch", "update", "patch", "delete"])
def test_the_operator_can_do_nothing_with_secrets_but_create_them(release: str, kubectl: Kubectl, verb: str) -> None:
    """Asked of the server itself, in an AgentJob's namespace and in its own, where the store's credential lies."""
    assert release
    for namespace in ("default", NAMESPACE):
        answer = kubectl.run("auth", "can-i", verb, "secrets", "-n", namespace, "--as", OPERATOR)
        assert answer.stdout.strip() == "no"
    assert kubectl("auth", "can-i", "create", "secrets", "-n", "default", "--as", OPERATOR).strip() == "yes"


def test_install_yaml_is_accepted_as_it_is(tmp_path: Path) -> None:
    """By a server that has never heard of us, twice, with unknown fields refused; no pod of ours violates the level that it enforces."""
    with control_plane(tmp_path) as running:
        kubectl = Kubectl(running.kubectl, running.kubeconfig)
        for _ in range(2):
            applied = kubectl.run("apply", "--validate=strict", "-f", str(ROOT / "manifests/install.yaml"))
            assert (applied.returncode, applied.stderr) == (0, "")
        assert "unchanged" in kubectl("apply", "-f", str(ROOT / "manifests/install.yaml"))
