"""Events that are lost, stale or misleading: the result is the same."""

import pytest
from apiserver.client import MERGE_PATCH, ApiClient
from integration.operator.conftest import MakeOperator
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage

EXPIRED: dict[str, object] = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
GONE: tuple[int, dict[str, object]] = (200, {"type": "ERROR", "object": EXPIRED})
"""As the API server says it: in the stream of a watch that began well."""
DOWN = (503, {"kind": "Status", "code": 503, "message": "the watch is cut by the test"})


def _running(stage: Stage, name: str) -> str:
    pod = stage.make_pod(stage.job(name))
    stage.run(pod)
    stage.wait_reason(name, "AgentRunning")
    return pod


def test_an_agentjob_that_is_deleted_while_it_runs_is_forgotten(
    operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """Nothing is written for it any more; owner references do the rest."""
    operator.start()
    stage.apply("deleted")
    pod = _running(stage, "deleted")
    stage.delete("agentjobs", "deleted")
    before = len(relay.writes)
    stage.run(pod)
    stage.apply("next")
    stage.job("next")
    assert {write.path.rsplit("/", 1)[1] for write in relay.writes[before:]} == {"secrets", "jobs"}
    assert "a bug" not in operator.log.read_text()


def test_the_same_name_again_is_another_agentjob(operator: OperatorProcess, stage: Stage) -> None:
    """Deleted and created anew at once: a Job of its own, nothing of the old one is taken over."""
    operator.start()
    stage.apply("again")
    _running(stage, "again")
    first = stage.job("again")["metadata"]["name"]
    stage.delete("agentjobs", "again")
    stage.apply("again")
    second = stage.wait(lambda: [j for j in stage.jobs_of("again") if j["metadata"]["name"] != first], "the new Job")[0]
    stage.delete("jobs", first)
    assert second["metadata"]["ownerReferences"][0]["uid"] == stage.agentjob("again")["metadata"]["uid"]
    assert stage.play("again")["attempts"] == 1


def test_an_object_that_is_terminal_is_believed_only_after_a_get(
    api: ApiClient, operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """Somebody else wrote the end: the watch says DELETED, a GET says that it is finished, and nothing is written."""
    operator.start()
    stage.apply("ended")
    pod = _running(stage, "ended")
    path = stage.path("agentjobs", "ended") + "/status"
    body = {"status": {"phase": "Failed", "reason": "AgentFailed"}}
    api.request("PATCH", path, body, headers={"Content-Type": MERGE_PATCH}).or_fail()
    before = len(relay.writes)
    stage.succeed("ended", pod)
    stage.apply("next")
    stage.job("next")
    assert {write.path.rsplit("/", 1)[1] for write in relay.writes[before:]} == {"secrets", "jobs"}
    assert stage.status("ended")["reason"] == "AgentFailed"


def test_what_happens_between_two_watches_is_found(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """The watches break and their resource version is too old when they come back: 410, a new LIST, no event for what vanished."""
    operator.start()
    stage.apply("ends")
    stage.apply("vanishes")
    pods = {name: _running(stage, name) for name in ("ends", "vanishes")}
    relay.intercept = lambda method, path: GONE if "watch=true" in path else None
    relay.cut()
    stage.succeed("ends", pods["ends"])
    stage.delete("agentjobs", "vanishes")
    relay.intercept = lambda method, path: None
    assert stage.wait_reason("ends", "Completed")["attempts"] == 1
    stage.apply("new")
    assert stage.play("new")["phase"] == "Succeeded"


def test_the_resync_finds_what_no_event_told(make_operator: MakeOperator, stage: Stage, relay: Relay) -> None:
    """With the watches down for good, a paged LIST every second (ten minutes by default) still brings it to its end."""
    operator = make_operator(resync_seconds="1")
    relay.intercept = lambda method, path: DOWN if "watch=true" in path else None
    operator.start()
    stage.apply("unseen")
    assert stage.play("unseen")["phase"] == "Succeeded"


def test_status_that_somebody_else_changed_is_read_again(
    api: ApiClient, operator: OperatorProcess, stage: Stage, relay: Relay
) -> None:
    """The PATCH carries the resource version: a 409 leads to a fresh read, not to a lost update."""
    operator.start()
    stage.apply("contended")
    pod = stage.make_pod(stage.job("contended"))
    relay.intercept = lambda method, path: DOWN if "watch=true" in path and "agentjobs" in path else None
    relay.cut("agentjobs")
    path = stage.path("agentjobs", "contended")
    body = {"metadata": {"labels": {"seen": "by-nobody"}}}
    api.request("PATCH", path, body, headers={"Content-Type": MERGE_PATCH}).or_fail()
    stage.run(pod)
    stage.wait_reason("contended", "AgentRunning")
    assert [w.status for w in relay.of("/status")] == [409, 200]
    relay.intercept = lambda method, path: None


def test_two_namespaces_with_the_same_name(
    api: ApiClient, make_operator: MakeOperator, stage: Stage, namespace: str
) -> None:
    """A namespace is a tenant: nothing of one is the other's."""
    other = Stage(api, stage.store, f"{namespace}-other")
    api.create("/api/v1/namespaces", {"metadata": {"name": other.namespace}}).or_fail()
    make_operator(namespaces=f"{namespace},{other.namespace}").start()
    for each in (stage, other):
        each.apply("twin")
    assert [each.play("twin")["phase"] for each in (stage, other)] == ["Succeeded"] * 2
    keys = {each.status("twin")["artifacts"]["workspace"]["key"] for each in (stage, other)}
    assert len(keys) == 2


def test_the_api_server_wants_a_pause(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """429 and 503 are no reason to give up or to hammer."""
    busy = {"kind": "Status", "code": 429, "reason": "TooManyRequests", "message": "busy"}
    refused: list[str] = []

    def intercept(method: str, path: str) -> tuple[int, dict[str, object]] | None:
        if method != "POST" or len(refused) >= 4:
            return None
        refused.append(path)
        return (429, busy) if len(refused) % 2 else (503, busy)

    relay.intercept = intercept
    operator.start()
    stage.apply("patient")
    assert stage.play("patient")["phase"] == "Succeeded"
    assert len(stage.jobs_of("patient")) == 1


@pytest.mark.parametrize("watch", [True, False], ids=["a watch", "a list"])
def test_a_410_as_the_status_of_an_answer_ends_nothing(
    operator: OperatorProcess, stage: Stage, relay: Relay, watch: bool
) -> None:
    """Of a watch or of a page of a list: both begin anew, in the same process."""
    operator.start()
    stage.apply("before")
    pod = _running(stage, "before")
    process, left = operator.process, ["watch"] if watch else ["list", "watch"]

    def intercept(method: str, path: str) -> tuple[int, dict[str, object]] | None:
        if "agentjobs?" not in path:
            return None
        if "watch=true" not in path:
            return (410, EXPIRED) if not watch and left and left.pop() else None
        # Of a list: the watch says first that it is too far behind.
        return ((410, EXPIRED) if watch else GONE) if "resourceVersion=" in path and left and left.pop() else None

    relay.intercept = intercept
    relay.cut("agentjobs")
    stage.wait(lambda: not left, "the refusals were given")
    stage.apply("after")
    stage.succeed("before", pod)
    assert stage.wait_reason("before", "Completed")["attempts"] == 1
    assert stage.play("after")["phase"] == "Succeeded"
    assert process is not None
    assert process.poll() is None
    assert "beginning anew" in operator.log.read_text()
