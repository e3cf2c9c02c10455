"""The service account that `manifests/install.yaml` gives the operator: tests run with its rights and no others."""

from pathlib import Path

import yaml

from apiserver.client import ApiClient
from apiserver.kubectl import Kubectl

INSTALL = Path(__file__).resolve().parents[2] / "manifests" / "install.yaml"
KINDS = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
NAMESPACE = "agentjob-system"


def operator_token(kubectl: Kubectl, api: ApiClient) -> tuple[str, str]:
    """Makes the account with its roles; returns the user's name in the audit log, and a token for two hours."""
    chosen = [one for one in yaml.safe_load_all(INSTALL.read_text()) if one and one["kind"] in KINDS]
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(chosen))
    account = next(one["metadata"] for one in chosen if one["kind"] == "ServiceAccount")
    namespace, name = account["namespace"], account["name"]
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    answer = api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", body).or_fail()
    return f"system:serviceaccount:{namespace}:{name}", str(answer["status"]["token"])
