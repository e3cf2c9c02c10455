"""Desktop and notebook beside an AgentJob: one more write, tokens in the Secret, nothing lost when one is broken, linger."""

from apiserver.client import ApiClient
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage, ended, running, starting, waiting

BOTH: Json = {"desktop": {"enabled": True}, "notebook": {"enabled": True}}
MISSING = waiting("ImagePullBackOff", "Back-off pulling image")
TEMPLATE = "https://agents.example.com/{namespace}/{name}/{port}/"


def works(**beside: Json) -> Json:
    """Container states of a pod whose agent works."""
    return {"model_proxy": running(), "prepare": ended(), "agent": running(), "courier": running(), **beside}


def condition(status: Json, type_: str) -> tuple[str, str]:
    """Its status and reason."""
    return next((one["status"], one["reason"]) for one in status["conditions"] if one["type"] == type_)


def wait_condition(stage: Stage, name: str, type_: str, expected: tuple[str, str]) -> Json:
    """The AgentJob's status once it says so."""

    def found() -> Json | None:
        status = stage.status(name)
        told = [one["type"] for one in status.get("conditions", [])]
        return status if type_ in told and condition(status, type_) == expected else None

    return stage.wait(found, f"{type_} {expected}")


def over(stage: Stage, name: str) -> Json:
    """Container states of agent and courier that ended well."""
    report = stage.report(name, workspace=stage.upload(name), message="It works.")
    return works(agent=ended(), courier=ended(message=report))


def test_both_cost_one_more_write(api: ApiClient, operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """They get ready one after the other, and that is told once."""
    operator.start(f"--access.url-template={TEMPLATE}")
    stage.apply("todo", **BOTH)
    job = stage.job("todo")
    pod = stage.make_pod(job)
    stage.set_pod(pod, {"phase": "Running"}, **works(desktop=starting(), notebook=starting()))
    begun = stage.wait_reason("todo", "AgentRunning")
    assert condition(begun, "DesktopReady") == ("False", "Starting")
    stage.set_pod(pod, {"phase": "Running"}, **works(desktop=starting(), notebook=running()))
    stage.set_pod(pod, {"phase": "Running"}, **works(desktop=running(), notebook=running()))
    shown = wait_condition(stage, "todo", "DesktopReady", ("True", "Ready"))
    stage.set_pod(pod, {"phase": "Running"}, **over(stage, "todo"), desktop=running(), notebook=running())
    done = stage.wait_reason("todo", "Completed")

    name = job["metadata"]["name"]
    url = f"https://agents.example.com/{stage.namespace}/todo/6080/"
    assert shown["desktop"] == {"url": url, "secretName": name, "secretKey": "desktop-token", "port": 6080}
    secret = stage.wait(lambda: stage.item("secrets", name), "the Secret")
    assert shown["notebook"]["secretKey"] in secret["data"]
    assert condition(shown, "NotebookReady") == ("True", "Ready")
    assert condition(done, "DesktopReady") == ("False", "Ended")
    assert "desktop" not in done
    assert len(relay.writes) == 5, relay.writes


def test_a_desktop_without_an_image_costs_the_task_nothing(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """The pod is Pending for ever, the agent works and ends in it, and the Job does not stay behind."""
    operator.start()
    stage.apply("todo", **BOTH)
    job = stage.job("todo")
    pod = stage.make_pod(job)
    stage.set_pod(pod, {"phase": "Pending"}, **works(desktop=MISSING, notebook=running()))
    begun = stage.wait_reason("todo", "AgentRunning")
    # This API server knows the fields, so the operator uses them.
    rules = {one["name"]: one.get("restartPolicyRules") for one in job["spec"]["template"]["spec"]["containers"]}
    assert [name for name, rule in rules.items() if rule] == ["notebook", "desktop"]
    assert condition(begun, "DesktopReady") == ("False", "ImageUnavailable")
    assert condition(begun, "NotebookReady") == ("True", "Ready")
    stage.set_pod(pod, {"phase": "Pending"}, **over(stage, "todo"), desktop=MISSING, notebook=ended())
    done = stage.wait_reason("todo", "Completed")
    assert (done["phase"], condition(done, "DesktopReady")) == ("Succeeded", ("False", "ImageUnavailable"))
    stage.wait(lambda: not stage.jobs_of("todo"), "the Job is deleted")
    assert [write.method for write in relay.writes] == ["POST", "POST", "PATCH", "PATCH", "DELETE"], relay.writes


def test_what_lingers_is_reported_at_once_and_left_alone(operator: OperatorProcess, stage: Stage) -> None:
    """Also by the sweep for Jobs that nobody watches any more."""
    operator.start("--resync-seconds=1")
    stage.apply("todo", lingerSeconds=3600, **BOTH)
    job = stage.job("todo")
    pod = stage.make_pod(job)
    stage.set_pod(pod, {"phase": "Running"}, **over(stage, "todo"), desktop=running(), notebook=running())
    done = stage.wait_reason("todo", "Completed")
    assert done["phase"] == "Succeeded"
    assert condition(done, "DesktopReady") == condition(done, "NotebookReady") == ("True", "Lingering")
    assert done["desktop"]["port"] == 6080
    assert [one["metadata"]["name"] for one in stage.jobs_of("todo")] == [job["metadata"]["name"]]


def test_without_them_the_pod_has_neither(operator: OperatorProcess, stage: Stage) -> None:
    """Switched off in the spec: no container, no token."""
    operator.start()
    stage.apply("todo", desktop={"enabled": False}, notebook={"enabled": False})
    job = stage.job("todo")
    assert [one["name"] for one in job["spec"]["template"]["spec"]["containers"]] == ["courier", "agent"]
    secret = stage.wait(lambda: stage.item("secrets", job["metadata"]["name"]), "the Secret")
    assert not [key for key in secret["data"] if "token" in key]
