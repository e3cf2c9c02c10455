"""The NetworkPolicy of one AgentJob: what its `network.allow` adds to the class of its pods."""

from typing import Any

from agentjob_api import names
from agentjob_api.network import AllowedRange

from agentjob_operator.manifests.attempt import Attempt, attempt_name, owner_reference
from agentjob_operator.manifests.labels import annotations, labels
from agentjob_operator.manifests.network.ranges import block
from agentjob_operator.network_settings import EgressRule, Peer, Port


def allow_policy(attempt: Attempt) -> dict[str, Any] | None:
    """A networking.k8s.io/v1 NetworkPolicy, the same for every attempt; None when the AgentJob allows nothing of its own."""
    allowed = attempt.spec.network.allow
    if not allowed:
        return None
    of_the_agentjob = {name: value for name, value in labels(attempt).items() if name != names.LABEL_ATTEMPT}
    selected = {name: of_the_agentjob[name] for name in (names.LABEL_MANAGED_BY, names.LABEL_UID)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": f"{attempt_name(attempt.name, attempt.uid, 1)[: -len('-1')]}-allow",
            "namespace": attempt.namespace,
            "labels": of_the_agentjob,
            "annotations": annotations(attempt),
            "ownerReferences": [owner_reference(attempt)],
        },
        "spec": {
            "podSelector": {"matchLabels": selected},
            "policyTypes": ["Egress"],
            "egress": [_rule(one).as_object() for one in allowed],
        },
    }


def _rule(allowed: AllowedRange) -> EgressRule:
    ports = tuple(Port(protocol=allowed.protocol, port=port) for port in allowed.ports)
    return EgressRule(to=(Peer(ip_block=block(allowed.cidr)),), ports=ports)
