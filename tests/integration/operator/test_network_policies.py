"""NetworkPolicies on a real API server: there before the first pod, put right, and nothing per AgentJob after the first."""

from typing import Any

from agentjob_operator.manifests.network import NAMES
from integration.operator.conftest import MakeOperator
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage

ON = {"network__enabled": "true"}
ALLOW: dict[str, Any] = {"allow": [{"cidr": "10.20.0.0/16", "ports": [5432]}]}


def specs(stage: Stage) -> dict[str, Json]:
    """The policies of the namespace, by name."""
    return {item["metadata"]["name"]: item["spec"] for item in stage.items("networkpolicies")}


def test_they_are_there_before_the_first_job_and_cost_nothing_afterwards(
    make_operator: MakeOperator, stage: Stage, relay: Relay
) -> None:
    """Four writes for each AgentJob, as without them, and three for the namespace; a restart writes nothing."""
    operator = make_operator(**ON)
    operator.start()
    for number in range(3):
        stage.apply(f"job-{number}")
    for number in range(3):
        assert stage.play(f"job-{number}")["phase"] == "Succeeded"
    assert set(specs(stage)) == set(NAMES)
    assert len(relay.writes) == len(NAMES) + 3 * 4
    first = [write.path.rsplit("/", 1)[1] for write in relay.writes[: len(NAMES)]]
    assert first == ["networkpolicies"] * len(NAMES)
    operator.stop()
    operator.start()
    stage.apply("later")
    assert stage.play("later")["phase"] == "Succeeded"
    assert len(relay.writes) == len(NAMES) + 4 * 4


def test_what_somebody_deletes_or_edits_is_put_right(make_operator: MakeOperator, stage: Stage) -> None:
    """At the next resync, while an AgentJob is under way."""
    make_operator(**ON, resync_seconds="1").start()
    stage.apply("runs")
    stage.job("runs")
    wanted = specs(stage)
    stage.delete("networkpolicies", NAMES[0])
    opened: Json = {"spec": {"egress": [{}]}}
    stage.api.patch(stage.path("networkpolicies", NAMES[1]), opened).or_fail()
    stage.wait(lambda: specs(stage) == wanted, "the policies as they were")


def test_another_configuration_reaches_namespaces_with_running_jobs(make_operator: MakeOperator, stage: Stage) -> None:
    """An upgrade of the release needs no new AgentJob to take effect."""
    before = make_operator("before", **ON)
    before.start()
    stage.apply("runs")
    stage.job("runs")
    before.stop()
    rules = '[{"to":[{"ipBlock":{"cidr":"10.7.0.0/16"}}],"ports":[{"port":443}]}]'
    make_operator("after", **ON, network__git=rules).start()
    expected = [{"to": [{"ipBlock": {"cidr": "10.7.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 443}]}]
    stage.wait(lambda: specs(stage)["agentjob-git"]["egress"] == expected, "the new rule")


def test_a_policy_of_somebody_else_is_left_alone_and_named(make_operator: MakeOperator, stage: Stage) -> None:
    """No pod starts under a policy that is not ours; it starts by itself when the other one is gone."""
    foreign = {"metadata": {"name": NAMES[2]}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}
    stage.api.create(stage.path("networkpolicies"), foreign).or_fail()
    make_operator(**ON).start()
    stage.apply("waits")
    assert NAMES[2] in stage.wait_reason("waits", "NameConflict")["message"]
    assert stage.items("jobs") == []
    assert specs(stage)[NAMES[2]] == foreign["spec"]
    stage.delete("networkpolicies", NAMES[2])
    stage.job("waits")


def test_allow_is_a_policy_of_its_own_before_the_job(make_operator: MakeOperator, stage: Stage, relay: Relay) -> None:
    """Owned by the AgentJob, one write, and none for the next attempt."""
    make_operator(**ON).start()
    made = stage.apply("opens", network=ALLOW)
    stage.job("opens")
    own = next(item for item in stage.items("networkpolicies") if item["metadata"]["name"] not in NAMES)
    assert own["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert own["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.20.0.0/16"}}]
    assert [write.path.rsplit("/", 1)[1] for write in relay.writes[:4]] == ["networkpolicies"] * 4


def test_what_nobody_would_enforce_is_not_promised(make_operator: MakeOperator, stage: Stage) -> None:
    """With the policies off, an AgentJob that asks for less than the internet waits and says so; others run."""
    make_operator().start()
    stage.apply("closed", network={"egress": "None"})
    stage.apply("open")
    assert "network.egress None" in stage.wait_reason("closed", "NetworkPoliciesOff")["message"]
    stage.job("open")
    assert stage.items("networkpolicies") == []
