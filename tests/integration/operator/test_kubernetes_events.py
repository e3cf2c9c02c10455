"""Kubernetes Events of an AgentJob, as a person reads them in `kubectl describe`."""

from agentjob_api.report import Verdict
from apiserver.kubectl import Kubectl
from integration.operator.conftest import MakeOperator
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage

TRANSITIONS = [
    ("Normal", "AgentRunning"),
    ("Warning", "Retrying"),
    ("Normal", "AgentRunning"),
    ("Normal", "Completed"),
]


def events(stage: Stage, name: str) -> list[Json]:
    """Of the AgentJob, oldest first."""
    found = [each for each in stage.items("events") if each["involvedObject"]["name"] == name]
    return sorted(found, key=lambda each: int(each["metadata"]["resourceVersion"]))


def live(stage: Stage, operator: OperatorProcess, told: int) -> None:
    """Two attempts; the operator is killed in the middle of the second, with `told` Events written, and sees everything again."""
    stage.apply("todo", backoffLimit=1)
    first = stage.make_pod(stage.job("todo"))
    stage.run(first)
    stage.wait_reason("todo", "AgentRunning")
    crashed = stage.report("todo", verdict=Verdict.NONE, workspace=stage.upload("todo"))
    stage.finish(first, crashed, agent_exit=137, phase="Failed")
    second = stage.make_pod(stage.job("todo", 2))
    stage.run(second)
    stage.wait_reason("todo", "AgentRunning")
    # An Event follows its status; one between the two would be lost with the process.
    stage.wait(lambda: len(events(stage, "todo")) == told, f"{told} Events")
    operator.kill()
    operator.start()
    # Nothing changes for the operator by this; it comes by all the same.
    stage.api.patch(stage.path("agentjobs", "todo"), {"metadata": {"labels": {"touched": "yes"}}}).or_fail()
    stage.succeed("todo", second, 2)
    stage.wait_reason("todo", "Completed")


def test_each_transition_is_one_event_where_they_are_wanted(
    make_operator: MakeOperator, stage: Stage, relay: Relay, kubectl: Kubectl
) -> None:
    """No more after a restart, none for what is seen again, and every one with a sentence; `kubectl describe` shows them all."""
    operator = make_operator(events__normal="true")
    operator.start()
    live(stage, operator, len(TRANSITIONS) - 1)
    stage.wait(lambda: len(events(stage, "todo")) >= len(TRANSITIONS), "an Event for each transition")
    found = events(stage, "todo")
    assert [(each["type"], each["reason"]) for each in found] == TRANSITIONS
    assert [each["count"] for each in found] == [1] * len(found)
    assert all(len(each["message"].split()) >= 2 for each in found), [each["message"] for each in found]
    assert len(relay.of("/events")) == len(TRANSITIONS)
    described = kubectl("describe", "agentjob", "todo", "-n", stage.namespace).split("Events:")[1]
    shown = [line.split() for line in described.splitlines() if "agentjob-operator" in line]
    assert sorted((line[0], line[1]) for line in shown) == sorted(TRANSITIONS)


def test_without_being_asked_only_what_goes_wrong_is_one(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """The ordinary way of an AgentJob costs no write for them."""
    operator.start()
    live(stage, operator, 1)
    assert [(each["type"], each["reason"]) for each in events(stage, "todo")] == [("Warning", "Retrying")]
    assert len(relay.of("/events")) == 1
