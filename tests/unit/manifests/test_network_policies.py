"""What the NetworkPolicies say. tests/integration/manifests asks the API server and an independent evaluator what they mean."""

import ipaddress
from typing import Any

import pytest
from agentjob_api import names
from agentjob_api.network import NEVER_REACHED
from agentjob_operator.manifests import build_job
from agentjob_operator.manifests.network import NAMES, allow_policy, namespace_policies
from agentjob_operator.manifests.network.destinations import destination
from agentjob_operator.manifests.network.ranges import block
from agentjob_operator.network_settings import EgressRule, IPBlock, NetworkSettings, Peer
from attempts import attempt_of
from generate.golden import UID, example_settings
from pydantic import ValidationError


@pytest.mark.parametrize("egress", ["Internet", "Restricted", "None"])
def test_every_pod_carries_its_class(egress: str) -> None:
    """The policies of the namespace find it by this label; one without it would be under none of them."""
    job = build_job(attempt_of({"task": "x", "network": {"egress": egress}}), example_settings())
    assert job["spec"]["template"]["metadata"]["labels"][names.LABEL_EGRESS] == egress
    assert names.LABEL_EGRESS not in job["metadata"]["labels"]


def test_the_policies_of_a_namespace_have_the_names_that_the_operator_may_change() -> None:
    """Its right to update is limited to them."""
    assert tuple(policy["metadata"]["name"] for policy in namespace_policies(example_settings())) == NAMES


@pytest.mark.parametrize(
    ("url", "to", "ports"),
    [
        ("http://10.1.2.3:9000", {"ipBlock": {"cidr": "10.1.2.3/32"}}, [9000]),
        ("https://[fd00::1]/v1", {"ipBlock": {"cidr": "fd00::1/128"}}, [443]),
        ("http://minio.store.svc:80", {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "store"}}}, []),
        ("http://m.ai.svc.cluster.local/v1", {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ai"}}}, []),
    ],
)  # fmt: skip
def test_a_url_leads_to_the_narrowest_rule_that_a_policy_can_have(
    url: str, to: dict[str, Any], ports: list[int]
) -> None:
    """A policy sees the pod's port, which the Service's need not be: for a Service no port is named."""
    rule = destination(url).as_object()
    assert rule["to"] == [to]
    assert [port["port"] for port in rule.get("ports", ())] == ports


def test_a_name_of_the_internet_is_its_port_on_public_addresses() -> None:
    """Policies know no names."""
    rule = destination("https://api.openai.com/v1", ["198.51.100.0/24"]).as_object()
    assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == ["0.0.0.0/0", "2000::/3"]
    assert "198.51.100.0/24" in rule["to"][0]["ipBlock"]["except"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]


def test_an_allowed_range_never_opens_metadata_services() -> None:
    """`0.0.0.0/0` is everything but what nobody may reach."""
    policy = allow_policy(attempt_of({"task": "x", "network": {"allow": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]}}))
    assert policy is not None
    excepted = [part for rule in policy["spec"]["egress"] for part in rule["to"][0]["ipBlock"]["except"]]
    assert sorted(excepted) == sorted(NEVER_REACHED)


def test_an_allow_policy_is_the_agentjobs_own_and_selects_its_pods_only() -> None:
    """It goes with the AgentJob, holds for every attempt, and opens nothing for others."""
    spec = {"task": "x", "network": {"allow": [{"cidr": "10.2.0.0/16", "ports": [53], "protocol": "UDP"}]}}
    first, second = (allow_policy(attempt_of(spec, number=number)) for number in (1, 2))
    assert first is not None
    assert first == second
    assert first["metadata"]["ownerReferences"][0]["uid"] == UID
    assert first["spec"]["podSelector"] == {
        "matchLabels": {names.LABEL_MANAGED_BY: names.MANAGED_BY, names.LABEL_UID: UID}
    }
    assert first["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.2.0.0/16"}}], "ports": [{"protocol": "UDP", "port": 53}]}
    ]


def test_without_allow_there_is_no_policy_of_its_own() -> None:
    """No write per AgentJob."""
    assert allow_policy(attempt_of({"task": "x", "network": {"egress": "None"}})) is None


def test_exceptions_are_parts_of_the_block_each_named_once() -> None:
    """The API server refuses an exception that is no proper part; one within another says nothing."""
    made = block("10.0.0.0/8", ["10.1.0.0/16", "10.1.2.0/24", "10.0.0.0/8", "192.168.0.0/16", "fe80::/10"])
    assert made.except_ == ("10.1.0.0/16",)


def test_private_addresses_are_not_public() -> None:
    """By Python's own registry: no private address is in what Internet allows."""
    internet = namespace_policies(example_settings())[-1]["spec"]["egress"][0]["to"]
    v4 = next(peer["ipBlock"] for peer in internet if "." in peer["ipBlock"]["cidr"])
    excepted = [ipaddress.ip_network(text) for text in v4["except"]]
    for text in (
        "10.9.8.7",
        "172.20.0.1",
        "192.168.1.1",
        "100.100.100.200",
        "169.254.169.254",
        "127.0.0.1",
        "168.63.129.16",
    ):
        assert any(ipaddress.ip_address(text) in network for network in excepted), text
    for text in ("1.1.1.1", "140.82.121.4", "172.32.0.1"):
        assert not any(ipaddress.ip_address(text) in network for network in excepted), text


@pytest.mark.parametrize(
    "peer",
    [{}, {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.1/8"}}, {"podSelectr": {}}],
)  # fmt: skip
def test_a_bad_peer_in_the_configuration_is_refused_at_the_start(peer: dict[str, Any]) -> None:
    """Later the API server would refuse the policies of every namespace."""
    with pytest.raises(ValidationError):
        NetworkSettings.model_validate({"git": [{"to": [peer]}]})


def test_a_rule_without_destination_is_refused() -> None:
    """To the API an empty `to` means everywhere."""
    with pytest.raises(ValidationError):
        EgressRule.model_validate({"to": []})
    assert Peer(ip_block=IPBlock(cidr="10.0.0.0/8")).as_object() == {"ipBlock": {"cidr": "10.0.0.0/8"}}
