"""Whoever names a Secret in an AgentJob must be allowed to get it: the chart's ValidatingAdmissionPolicy on a real API server.

The server has the CRD without its immutability rules, so that it is the policy that answers an update, not they.
"""

import copy
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from agentjob_api.crd import agentjob_schema, custom_resource_definition
from apiserver.client import AGENTJOBS, ApiClient, Json, agentjob, connect
from apiserver.kubectl import Kubectl, await_established
from cluster.controlplane import control_plane
from cluster.toolbuild import ensure_binaries

CHART = Path(__file__).resolve().parents[3] / "charts" / "agentjob"
NAMESPACE, ELSEWHERE = "team", "elsewhere"
COLLECTION = AGENTJOBS.format(NAMESPACE)
AUTHOR, OWNER, STRANGER = "author", "owner", "stranger"
OPERATOR = "system:serviceaccount:agentjob-system:agentjob"
SECRET = "the-secret"
REPOSITORY = {"url": "https://git.example.com/a"}


def _most_pull_secrets() -> int:
    return int(agentjob_schema()["properties"]["spec"]["properties"]["imagePullSecrets"]["maxItems"])


PULL_SECRETS = [f"registry-{number}" for number in range(_most_pull_secrets())]
WAYS_TO_NAME: dict[str, dict[str, Any]] = {
    "model.apiKeySecretRef": {"model": {"apiKeySecretRef": {"name": SECRET}}},
    "repository.credentialsSecretRef": {"repository": REPOSITORY | {"credentialsSecretRef": {"name": SECRET}}},
    "imagePullSecrets[0]": {"imagePullSecrets": [{"name": SECRET}]},
}
NAMES_ONE = WAYS_TO_NAME["model.apiKeySecretRef"]
AS_MANY_AS_CAN_BE_NAMED: dict[str, Any] = {
    "model": {"apiKeySecretRef": {"name": SECRET}},
    "repository": REPOSITORY | {"credentialsSecretRef": {"name": SECRET}},
    "imagePullSecrets": [{"name": name} for name in PULL_SECRETS],
}


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """Administrator of a server of its own, with users, their Roles and the policy in force."""
    with control_plane(tmp_path_factory.mktemp("policy")) as running:
        kubectl = Kubectl(running.kubectl, running.kubeconfig)
        kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(_mutable_crd()))
        await_established(kubectl)
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_access()))
        kubectl("apply", "-f", "-", stdin=_rendered_policy())
        client = connect(running.url, running.admin_token, running.ca_file)
        _wait_until_in_force(client)
        yield client


@pytest.mark.parametrize("way", WAYS_TO_NAME)
def test_who_may_not_get_the_secret_is_refused_and_told_which(admin: ApiClient, way: str) -> None:
    """In every field that names a Secret."""
    answer = admin.as_user(AUTHOR).create(COLLECTION, agentjob("refused", **WAYS_TO_NAME[way]), dryRun="All")
    assert answer.status == 403
    assert f"spec.{way}: you may not get the Secret {SECRET}; ask for a Role that allows it" in answer.message


@pytest.mark.parametrize("way", WAYS_TO_NAME)
def test_who_may_get_the_secret_is_let_through(admin: ApiClient, way: str) -> None:
    """A Role that names the Secret is enough; the Secret need not exist yet."""
    assert admin.as_user(OWNER).create(COLLECTION, agentjob("allowed", **WAYS_TO_NAME[way]), dryRun="All").accepted


@pytest.mark.parametrize("way", WAYS_TO_NAME)
def test_a_right_to_secrets_of_another_namespace_does_not_count(admin: ApiClient, way: str) -> None:
    """A namespace is a tenant."""
    answer = admin.as_user(STRANGER).create(COLLECTION, agentjob("refused", **WAYS_TO_NAME[way]), dryRun="All")
    assert answer.status == 403


def test_who_names_no_secret_needs_no_right(admin: ApiClient) -> None:
    """Most AgentJobs use the administrator's default model."""
    assert admin.as_user(AUTHOR).create(COLLECTION, agentjob("plain"), dryRun="All").accepted


def test_as_many_secrets_as_can_be_named_are_within_the_servers_budget(admin: ApiClient) -> None:
    """A question to the authorizer is dear in CEL: more than a few in one expression end in an error, for everybody."""
    assert admin.create(COLLECTION, agentjob("most", **AS_MANY_AS_CAN_BE_NAMED), dryRun="All").accepted


def test_the_last_secret_is_checked_like_the_first(admin: ApiClient) -> None:
    """The owner may get the first two and all pull secrets but the last."""
    answer = admin.as_user(OWNER).create(COLLECTION, agentjob("most", **AS_MANY_AS_CAN_BE_NAMED), dryRun="All")
    assert answer.status == 403
    assert (
        f"spec.imagePullSecrets[{len(PULL_SECRETS) - 1}]: you may not get the Secret {PULL_SECRETS[-1]}"
        in answer.message
    )


def test_the_operator_may_write_status_without_a_right_to_any_secret(admin: ApiClient) -> None:
    """It cannot read Secrets, and /status is not what the policy looks at."""
    path = _created(admin, **NAMES_ONE)
    assert admin.as_user(OPERATOR).patch(f"{path}/status", {"status": {"phase": "Running"}}).accepted


def test_an_update_that_names_no_other_secret_needs_no_right(admin: ApiClient) -> None:
    """A label and a time to live are nobody's secret."""
    path = _created(admin, **NAMES_ONE)
    change = {"metadata": {"labels": {"team": "a"}}, "spec": {"ttlSecondsAfterFinished": 60}}
    assert admin.as_user(AUTHOR).patch(path, change).accepted


@pytest.mark.parametrize("way", WAYS_TO_NAME)
def test_an_update_cannot_bring_a_secret_in(admin: ApiClient, way: str) -> None:
    """Creating without and adding afterwards is no way around, even without the CRD's own rule."""
    path = _created(admin)
    assert admin.as_user(AUTHOR).patch(path, {"spec": WAYS_TO_NAME[way]}).status == 403
    assert admin.as_user(OWNER).patch(path, {"spec": WAYS_TO_NAME[way]}).accepted


def _created(admin: ApiClient, **spec: Any) -> str:
    body = agentjob("", **spec) | {"metadata": {"generateName": "job-"}}
    return f"{COLLECTION}/{admin.create(COLLECTION, body).or_fail()['metadata']['name']}"


def _wait_until_in_force(client: ApiClient) -> None:
    # The API server takes up a policy when its informer sees it, and offers no condition that says so.
    give_up = time.monotonic() + 60
    while client.as_user(AUTHOR).create(COLLECTION, agentjob("x", **NAMES_ONE), dryRun="All").accepted:
        assert time.monotonic() < give_up, "the policy is not in force after 60 s"
        time.sleep(0.1)


def _mutable_crd() -> Json:
    crd = copy.deepcopy(custom_resource_definition())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for node in (spec, *spec["properties"].values()):
        node.pop("x-kubernetes-validations", None)
    return crd


def _rendered_policy() -> str:
    helm = ensure_binaries("helm")["helm"]
    template = "templates/validating-admission-policy.yaml"
    command = [str(helm), "template", "agentjob", str(CHART), "--show-only", template]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _access() -> Iterator[Json]:
    for name in (NAMESPACE, ELSEWHERE):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    work = {"apiGroups": ["agentjob.io"], "resources": ["agentjobs"], "verbs": ["create", "get", "update", "patch"]}
    status = {"apiGroups": ["agentjob.io"], "resources": ["agentjobs/status"], "verbs": ["patch"]}
    secrets = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    for user in (AUTHOR, OWNER, STRANGER):
        yield from _role(NAMESPACE, f"{user}-works", user, work)
    yield from _role(NAMESPACE, "operator", OPERATOR, status)
    yield from _role(NAMESPACE, "reads-some", OWNER, secrets | {"resourceNames": [SECRET, *PULL_SECRETS[:-1]]})
    yield from _role(ELSEWHERE, "reads-all", STRANGER, secrets)


def _role(namespace: str, name: str, user: str, rule: Json) -> Iterator[Json]:
    api, metadata = "rbac.authorization.k8s.io", {"name": name, "namespace": namespace}
    yield {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
    yield {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "subjects": [{"apiGroup": api, "kind": "User", "name": user}],
        "roleRef": {"apiGroup": api, "kind": "Role", "name": name},
    }
