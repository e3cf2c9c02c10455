"""The NetworkPolicies that every namespace with AgentJobs gets: the same for all of them, matched by the pods' labels.

agentjob-pods       every pod       in: nothing but access_from      out: DNS, model, object store
agentjob-git        Restricted, Internet                             out: Git hosts
agentjob-internet   Internet                                         out: public addresses

Policies add up: what none of them allows is refused.
"""

from collections.abc import Iterable
from typing import Any, Final

from agentjob_api import names, pod
from agentjob_api.network import Egress

from agentjob_operator.manifests.network.destinations import destination, public_https
from agentjob_operator.manifests.network.ranges import public
from agentjob_operator.network_settings import EgressRule, NetworkSettings, Port, Requirement, Selector
from agentjob_operator.settings import Settings

PODS: Final = "agentjob-pods"
GIT: Final = "agentjob-git"
INTERNET: Final = "agentjob-internet"
NAMES: Final = (PODS, GIT, INTERNET)
"""The operator's right to change NetworkPolicies is limited to these (charts/agentjob/templates/rbac.yaml)."""
DESCRIPTION: Final = "kubernetes.io/description"


def namespace_policies(settings: Settings) -> tuple[dict[str, Any], ...]:
    """networking.k8s.io/v1 NetworkPolicies without a namespace, with `spec` as the API server keeps it."""
    network = settings.network
    return (
        _policy(
            PODS,
            "Agents' pods: nobody connects to them; they reach DNS, model and object store.",
            _with_egress("Exists"),
            {"policyTypes": ["Ingress", "Egress"], **_ingress(network), "egress": _rules(_common(settings))},
        ),
        _policy(
            GIT,
            "Agents' pods of the egress classes Internet and Restricted: they reach Git hosts.",
            _with_egress("In", Egress.INTERNET, Egress.RESTRICTED),
            {"policyTypes": ["Egress"], "egress": _rules(_git(network))},
        ),
        _policy(
            INTERNET,
            "Agents' pods of the egress class Internet: they reach public addresses.",
            _with_egress("In", Egress.INTERNET),
            {"policyTypes": ["Egress"], "egress": _rules([EgressRule(to=public(network.except_cidrs))])},
        ),
    )


def _common(settings: Settings) -> Iterable[EgressRule]:
    network = settings.network
    yield from network.dns
    yield from network.model or (destination(settings.default_model.endpoint, network.except_cidrs),)
    yield from network.object_store or (destination(settings.storage.endpoint, network.except_cidrs),)


def _git(network: NetworkSettings) -> Iterable[EgressRule]:
    return network.git or (public_https(network.except_cidrs),)


def _rules(rules: Iterable[EgressRule]) -> list[dict[str, Any]]:
    # Model and object store may be the same place.
    return list({rule.model_dump_json(): rule.as_object() for rule in rules}.values())


def _ingress(network: NetworkSettings) -> dict[str, Any]:
    if not network.access_from:
        return {}
    ports = [Port(port=port).as_object() for port in (pod.DESKTOP_PORT, pod.NOTEBOOK_PORT)]
    return {"ingress": [{"from": [peer.as_object() for peer in network.access_from], "ports": ports}]}


def _with_egress(operator: Any, *classes: Egress) -> dict[str, Any]:
    requirement = Requirement(key=names.LABEL_EGRESS, operator=operator, values=tuple(map(str, classes)))
    ours = {names.LABEL_MANAGED_BY: names.MANAGED_BY}
    return Selector(match_labels=ours, match_expressions=(requirement,)).as_object()


def _policy(name: str, description: str, pods: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": name,
            "labels": {names.LABEL_MANAGED_BY: names.MANAGED_BY},
            "annotations": {DESCRIPTION: description},
        },
        "spec": {"podSelector": pods, **rules},
    }
