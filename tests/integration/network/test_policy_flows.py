"""What the chart's values let through, end to end: the operator's, MinIO's and the agents' policies together, judged by cyclonus.

The agents' policies are those that the operator makes from the environment that the same values give it.
"""

from pathlib import Path
from typing import Any

import pytest
from agentjob_api.network import Egress
from agentjob_operator.manifests.network import allow_policy, namespace_policies
from agentjob_operator.settings import Settings
from attempts import attempt_of
from flows import Flow, Peer, misjudged
from integration.network.places import (
    ALLOWING_UID,
    API_SERVER,
    AZURE_WIRE,
    BUCKET_JOB,
    CARRIER_GRADE,
    DATABASE,
    DNS,
    EXCEPTED,
    GIT,
    INGRESS,
    INTERNET,
    INTRANET,
    METADATA,
    MINIO,
    MODEL,
    NEIGHBOUR,
    OPERATOR,
    OTHER_RESOLVER,
    PROMETHEUS,
    SCRIPTED_MODEL,
    STORE,
    STRANGER,
    agent,
)

from charts import PRODUCTION_VALUES, of_kind, operator_environment, render

IN_CLUSTER = """
model: {endpoint: "http://vllm.models.svc:8000/v1"}
networkPolicies:
  git: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [{port: 443}]}]
  accessFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]
  downloadFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  exceptCIDRs: [198.51.100.0/24]
"""
ALL = (Egress.INTERNET, Egress.RESTRICTED, Egress.NONE)
ALLOW: dict[str, Any] = {"task": "x", "network": {"allow": [{"cidr": "10.20.0.0/16", "ports": [5432]}]}}


def policies(monkeypatch: pytest.MonkeyPatch, *values: Any) -> list[dict[str, Any]]:
    """All of them, with `team-a` and `team-b` as namespaces of AgentJobs, and in `team-a` one with `network.allow`."""
    objects = render(*values)
    for name, value in operator_environment(objects).items():
        monkeypatch.setenv(name, value)
    made = namespace_policies(Settings.load())
    agents = [
        {**each, "metadata": {**each["metadata"], "namespace": ns}} for ns in ("team-a", "team-b") for each in made
    ]
    allow = allow_policy(attempt_of(ALLOW))
    assert allow is not None
    allow["metadata"]["namespace"] = "team-a"
    return [*of_kind(objects, "NetworkPolicy"), *agents, allow]


def from_agents(destination: Peer, port: int, why: str, *classes: Egress, protocol: str = "TCP") -> list[Flow]:
    """One flow from each class of agents; those of `classes` come through."""
    return [Flow(agent(each), destination, port, each in classes, f"{each}: {why}", protocol) for each in ALL]


AGENTS = [
    *from_agents(DNS, 53, "names have to be looked up", *ALL, protocol="UDP"),
    *from_agents(DNS, 53, "long answers come over TCP", *ALL),
    *from_agents(DNS, 9153, "CoreDNS's metrics are not its names"),
    *from_agents(MODEL, 8000, "the model is what the agent thinks with", *ALL),
    *from_agents(MINIO, 9000, "the courier uploads, prepare restores", *ALL),
    *from_agents(MINIO, 22, "MinIO's pod offers S3 and nothing else"),
    *from_agents(GIT, 443, "Git hosts, as networkPolicies.git names them", Egress.INTERNET, Egress.RESTRICTED),
    *from_agents(GIT, 22, "Git goes over HTTPS"),
    *from_agents(INTERNET, 443, "the public internet", Egress.INTERNET),
    *from_agents(INTERNET, 80, "the public internet, whatever the port", Egress.INTERNET),
    *from_agents(OTHER_RESOLVER, 53, "a resolver outside is a part of the internet", Egress.INTERNET, protocol="UDP"),
    *from_agents(INTRANET, 443, "private addresses are not public"),
    *from_agents(METADATA, 80, "the cloud's credentials of the node"),
    *from_agents(AZURE_WIRE, 80, "Azure's are at a public address"),
    *from_agents(CARRIER_GRADE, 80, "Alibaba's are in the carrier-grade range"),
    *from_agents(EXCEPTED, 443, "networkPolicies.exceptCIDRs does not count as public"),
    *from_agents(API_SERVER, 6443, "an agent has no business with the API server"),
    *from_agents(OPERATOR, 8080, "nor with the operator"),
    *from_agents(NEIGHBOUR, 80, "nor with other pods of its namespace"),
    *from_agents(agent(Egress.INTERNET, "another"), 8888, "nor with other agents' notebooks"),
    *from_agents(DATABASE, 5432, "another AgentJob's network.allow is not this one's"),
    Flow(agent(Egress.NONE, ALLOWING_UID), DATABASE, 5432, True, "its own network.allow adds to its class"),
    Flow(agent(Egress.NONE, ALLOWING_UID), DATABASE, 22, False, "network.allow names ports"),
    Flow(INGRESS, agent(Egress.NONE), 6080, True, "networkPolicies.accessFrom: the desktop"),
    Flow(INGRESS, agent(Egress.NONE), 8888, True, "networkPolicies.accessFrom: the notebook"),
    Flow(INGRESS, agent(Egress.NONE), 8080, False, "accessFrom opens these two ports"),
    Flow(NEIGHBOUR, agent(Egress.NONE), 8888, False, "nobody else connects to an agent's pod"),
    Flow(OPERATOR, agent(Egress.NONE), 8080, False, "not even the operator"),
]
OWN_PODS = [
    Flow(OPERATOR, DNS, 53, True, "the operator looks up names", "UDP"),
    Flow(OPERATOR, API_SERVER, 6443, True, "it works through the API server"),
    Flow(OPERATOR, API_SERVER, 443, True, "whose Service has this port; plugins judge before or after it is resolved"),
    Flow(OPERATOR, API_SERVER, 10250, False, "the kubelet is none of its business"),
    Flow(OPERATOR, MINIO, 9000, True, "it reads reports and looks at archives"),
    Flow(OPERATOR, MODEL, 8000, False, "it never talks to a model"),
    Flow(OPERATOR, INTERNET, 80, False, "nor to the internet, but for the ports of an API server"),
    Flow(PROMETHEUS, OPERATOR, 8080, True, "networkPolicies.metricsFrom"),
    Flow(STRANGER, OPERATOR, 8080, False, "nobody else connects to the operator"),
    Flow(PROMETHEUS, OPERATOR, 9000, False, "metricsFrom opens one port"),
    Flow(INGRESS, MINIO, 9000, True, "networkPolicies.downloadFrom: people's downloads"),
    Flow(STRANGER, MINIO, 9000, False, "a pod that is no AgentJob's has no business with MinIO"),
    Flow(PROMETHEUS, MINIO, 9000, False, "nor has Prometheus"),
    Flow(INTERNET, MINIO, 9000, False, "a ClusterIP is for the cluster"),
    Flow(MINIO, INTERNET, 443, False, "MinIO answers and asks nobody"),
    Flow(MINIO, OPERATOR, 8080, False, "not even the operator"),
    Flow(MINIO, API_SERVER, 6443, False, "nor the API server"),
]


def test_with_everything_in_the_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bundled MinIO and a model server of the cluster: no flow but those that are needed."""
    values = tmp_path / "values.yaml"
    values.write_text(IN_CLUSTER, encoding="utf-8")
    assert misjudged(policies(monkeypatch, "--values", values), AGENTS + OWN_PODS, tmp_path) == []


ELSEWHERE = [
    *from_agents(STORE, 443, "with hosted stores and models their port is open everywhere", *ALL),
    *from_agents(STORE, 9000, "and no other port but for the internet", Egress.INTERNET),
    Flow(OPERATOR, STORE, 443, True, "the store, by a name: its port everywhere"),
    Flow(OPERATOR, STORE, 80, False, "and no other"),
    Flow(BUCKET_JOB, DNS, 53, True, "the bucket's Job looks up the store", "UDP"),
    Flow(BUCKET_JOB, STORE, 443, True, "and makes the bucket"),
    Flow(BUCKET_JOB, API_SERVER, 6443, False, "it has no account"),
    Flow(STRANGER, BUCKET_JOB, 8080, False, "and listens to nobody"),
    Flow(STRANGER, OPERATOR, 8080, True, "metricsFrom as it is: every pod of the cluster may read the metrics"),
    Flow(INTERNET, OPERATOR, 8080, False, "but nobody outside"),
]


def test_with_a_store_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in production: hosts that a policy cannot name."""
    assert misjudged(policies(monkeypatch, "--values", PRODUCTION_VALUES), ELSEWHERE, tmp_path) == []


TRYING_OUT = [
    Flow(INTERNET, MINIO, 9000, True, "a NodePort is there for people outside"),
    Flow(INTERNET, MINIO, 22, False, "this port alone"),
    *from_agents(SCRIPTED_MODEL, 8080, "the scripted model is the model", *ALL),
    Flow(
        agent(Egress.NONE, namespace="team-b"),
        SCRIPTED_MODEL,
        8080,
        False,
        "an AgentJob of a namespace that is not watched",
    ),
    Flow(STRANGER, SCRIPTED_MODEL, 8080, False, "it plays for agents alone"),
    Flow(SCRIPTED_MODEL, INTERNET, 443, False, "and asks nobody"),
]


def test_for_trying_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MinIO at a NodePort, the scripted model, one namespace."""
    chosen = "minio.service.type=NodePort,scriptedModel.enabled=true,operator.watchNamespaces={team-a}"
    assert misjudged(policies(monkeypatch, "--set", chosen), TRYING_OUT, tmp_path) == []


def test_the_evaluator_refuses_when_nothing_is_allowed(tmp_path: Path) -> None:
    """And the other way round: what comes out above is its judgement, not its default."""
    flow = Flow(STRANGER, MINIO, 9000, True, "open")
    assert misjudged([], [flow], tmp_path / "none") == []
    closed = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": MINIO.namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    assert misjudged([closed], [flow], tmp_path / "closed") == ["refused: open (port 9000)"]
