"""Finished AgentJobs: TTL and download URLs, by a sweep that neither watches nor caches them."""

from apiserver.client import MERGE_PATCH, ApiClient
from integration.operator.conftest import MakeOperator
from integration.operator.relay import Relay
from integration.operator.stage import Stage


def test_ttl_deletes_it_in_time(make_operator: MakeOperator, stage: Stage) -> None:
    """The one that ends while the operator runs needs no sweep; 0 means at once."""
    make_operator(sweep_seconds="3600").start()
    stage.apply("short", ttlSecondsAfterFinished=0)
    pod = stage.make_pod(stage.job("short"))
    stage.succeed("short", pod)
    stage.wait(lambda: not stage.items("agentjobs"), "it is deleted")


def test_ttl_that_passed_while_nobody_looked(make_operator: MakeOperator, stage: Stage) -> None:
    """It was set after the end (it may be), and the operator was down: the first sweep finds it; others are kept."""
    operator = make_operator()
    operator.start()
    for name in ("kept", "over"):
        stage.apply(name)
        stage.play(name)
    operator.stop()
    patch = {"spec": {"ttlSecondsAfterFinished": 0}}
    stage.api.patch(stage.path("agentjobs", "over"), patch).or_fail()
    operator.start()
    stage.wait(
        lambda: [a["metadata"]["name"] for a in stage.items("agentjobs")] == ["kept"], "only that one is deleted"
    )


def test_a_download_url_is_signed_again_before_it_ends(
    api: ApiClient, make_operator: MakeOperator, stage: Stage, relay: Relay
) -> None:
    """One PATCH, of the URL only; the phase does not move."""
    operator = make_operator()
    operator.start()
    stage.apply("old", archive={"urlExpirySeconds": 3600})
    before = stage.play("old")
    operator.stop()
    soon = {"status": {"artifacts": {"expiresAt": "2026-01-01T00:00:00Z"}}}
    path = stage.path("agentjobs", "old") + "/status"
    api.request("PATCH", path, soon, headers={"Content-Type": MERGE_PATCH}).or_fail()
    writes = len(relay.writes)
    operator.start()
    url = before["artifacts"]["downloadURL"]
    stage.wait(lambda: stage.status("old")["artifacts"]["downloadURL"] != url, "a new URL")
    after = stage.status("old")
    assert after["artifacts"]["expiresAt"] > before["completionTime"]
    assert after["completionTime"] == before["completionTime"]
    assert len(relay.writes) == writes + 1


def test_a_conflict_does_not_put_a_deletion_off_to_the_next_sweep(
    make_operator: MakeOperator, stage: Stage, relay: Relay
) -> None:
    """Somebody labels it in that moment: it is tried again in seconds, not in an hour."""
    refused: list[str] = []

    def conflict_once(method: str, path: str) -> tuple[int, dict[str, object]] | None:
        if method != "DELETE" or "/agentjobs/" not in path or refused:
            return None
        refused.append(path)
        return 409, {"kind": "Status", "code": 409, "reason": "Conflict", "message": "it has been modified"}

    relay.intercept = conflict_once
    make_operator(sweep_seconds="3600").start()
    stage.apply("labelled", ttlSecondsAfterFinished=0)
    stage.succeed("labelled", stage.make_pod(stage.job("labelled")))
    stage.wait(lambda: not stage.items("agentjobs"), "it is deleted")
    assert refused
