"""The operator with a list of namespaces: the Roles that the chart gives it there are all it needs."""

import yaml
from apiserver.client import ApiClient
from apiserver.kubectl import Kubectl
from integration.operator.conftest import MakeOperator
from integration.operator.stage import Stage

from charts import NAMESPACE, of_kind, render

KINDS = ("ServiceAccount", "Role", "RoleBinding")


def _token(api: ApiClient, account: str) -> str:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return str(api.create(path, body).or_fail()["status"]["token"])


def test_roles_are_enough(
    api: ApiClient, kubectl: Kubectl, stage: Stage, make_operator: MakeOperator, token: str
) -> None:
    """From the election to the terminal status, without one refusal."""
    assert token  # the namespace of the release is there
    account = f"only-{stage.namespace}"
    objects = render("--set", f"operator.watchNamespaces={{{stage.namespace}}},serviceAccount.name={account}")
    assert not of_kind(objects, "ClusterRole", "ClusterRoleBinding")
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(of_kind(objects, *KINDS)))
    lease = {"leader_election__enabled": "true", "leader_election__lease_namespace": NAMESPACE}
    operator = make_operator(
        token=_token(api, account), leader_election__lease_name="agentjob-operator", sweep_seconds="1", **lease
    )
    operator.start()
    operator.wait_state("leading")
    stage.apply("todo")
    assert stage.play("todo")["phase"] == "Succeeded"
    assert operator.stop() == 0
    assert "forbidden" not in operator.log.read_text()
