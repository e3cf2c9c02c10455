"""The operator's rights: what is needed and nothing that reads a Secret. `tests/integration/chart` asks a real API server."""

from typing import Any

import pytest
from agentjob_operator.manifests.network import NAMES

from charts import EVERYTHING_VALUES, of_kind, render

VALUE_SETS: dict[str, list[Any]] = {"defaults": [], "named namespaces": ["--values", EVERYTHING_VALUES]}
EXPECTED = {
    "agentjob.io/agentjobs": {"get", "list", "watch", "delete"},
    "agentjob.io/agentjobs/status": {"patch"},
    "batch/jobs": {"get", "list", "watch", "create", "delete"},
    "/pods": {"get", "list", "watch"},
    "/secrets": {"create"},
    "/events": {"list", "create"},
    "networking.k8s.io/networkpolicies": {"list", "create", "update"},
    "coordination.k8s.io/leases": {"get", "create", "update"},
}


@pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS.keys())
def test_the_operator_may_do_this_and_no_more(values: list[Any]) -> None:
    """Patch and update of a Secret return it: create is the only verb that shows nothing."""
    granted: dict[str, set[str]] = {}
    for role in of_kind(render(*values), "Role", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    granted.setdefault(f"{group}/{resource}", set()).update(rule["verbs"])
    assert granted == EXPECTED


def test_only_the_policies_of_namespaces_can_be_changed() -> None:
    """Those of the namespaces' owners are out of reach: the right to update is limited to our names."""
    rules = [rule for role in of_kind(render(), "ClusterRole") for rule in role["rules"] if "update" in rule["verbs"]]
    assert [(rule["resources"], rule["resourceNames"]) for rule in rules] == [(["networkpolicies"], list(NAMES))]


def test_without_network_policies_there_is_no_right_to_them() -> None:
    """What the operator does not make it need not be allowed; the chart makes none either."""
    objects = render("--set", "networkPolicies.enabled=false")
    assert of_kind(render(), "NetworkPolicy")
    assert not of_kind(objects, "NetworkPolicy")
    roles = of_kind(objects, "ClusterRole")
    assert not [rule for role in roles for rule in role["rules"] if "networkpolicies" in rule["resources"]]


def test_named_namespaces_need_no_cluster_role() -> None:
    """Whoever installs it for a team needs no rights over the cluster, and gives none."""
    objects = render("--values", EVERYTHING_VALUES)
    assert not of_kind(objects, "ClusterRole", "ClusterRoleBinding")
    namespaces = [each["metadata"]["namespace"] for each in of_kind(objects, "Role")]
    assert sorted(namespaces) == ["agentjob-system", "team-a", "team-b"]


def test_every_binding_is_the_operators() -> None:
    """To the account that the Deployment runs as."""
    for values in VALUE_SETS.values():
        objects = render(*values)
        account = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]["serviceAccountName"]
        for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
            assert [(each["kind"], each["name"], each["namespace"]) for each in binding["subjects"]] == [
                ("ServiceAccount", account, "agentjob-system")
            ]
