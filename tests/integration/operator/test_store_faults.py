"""The object store is slow, answers 503, holds other bytes than were promised, or has another time than the operator."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from agentjob_api.report import StoredObject, Verdict
from integration.operator.conftest import MakeOperator
from integration.operator.relay import Relay, running_relay
from integration.operator.stage import Stage
from support.minio import MinioServer

FAKETIME = "/usr/$LIB/faketime/libfaketimeMT.so.1"
"""Of Debian's package faketime (`make prereqs`); the loader knows `$LIB`."""


@pytest.fixture
def store_relay(store: MinioServer) -> Iterator[Relay]:
    """Between the operator and the store; pods and downloads go to the store itself."""
    with running_relay(store.endpoint) as running:
        yield running


def _running(stage: Stage, name: str) -> str:
    stage.apply(name)
    pod = stage.make_pod(stage.job(name))
    stage.run(pod)
    stage.wait_reason(name, "AgentRunning")
    return pod


@pytest.mark.parametrize("fault", ["slow", "503"])
def test_a_store_that_fails_for_a_while_delays_an_end_and_nothing_else(
    make_operator: MakeOperator, stage: Stage, store: MinioServer, store_relay: Relay, fault: str
) -> None:
    """The archive is not believed unseen, and no other AgentJob waits for a store that it does not need yet."""
    operator = make_operator(storage__endpoint=store_relay.url, storage__timeout_seconds="1", workers="2")
    operator.start()
    pods = {name: _running(stage, name) for name in ("one", "two", "three")}
    if fault == "slow":
        store_relay.hold = lambda method, path: True
    else:
        store_relay.intercept = lambda method, path: (503, {"message": "SlowDown"})
    for name, pod in pods.items():
        stage.succeed(name, pod)
    waiting = "cannot be reached" if fault == "slow" else "answered 503"
    stage.wait(lambda: waiting in operator.log.read_text(), "the operator says what it waits for")
    _running(stage, "meanwhile")
    assert {stage.status(name)["phase"] for name in pods} == {"Running"}
    store_relay.hold, store_relay.intercept = lambda method, path: False, lambda method, path: None
    for name in pods:
        done = stage.wait_reason(name, "Completed")
        assert (done["attempts"], done["failures"]) == (1, 0)
    assert "a bug" not in operator.log.read_text()


def test_an_archive_with_another_checksum_is_not_recorded(make_operator: MakeOperator, stage: Stage) -> None:
    """As many bytes as the report says, but not those: the store's own SHA-256 tells. No URL is signed for it."""
    make_operator().start()
    pod = _running(stage, "swapped")
    stored = stage.store_object("swapped", "workspace.zip", b"other bytes")
    claimed = StoredObject(key=stored.key, bytes=stored.bytes, sha256=hashlib.sha256(b"these bytes").hexdigest())
    stage.finish(pod, stage.report("swapped", workspace=claimed))
    done = stage.wait_reason("swapped", "ArchiveFailed")
    assert done["phase"] == "Failed"
    assert f"has the SHA-256 {stored.sha256} in the store" in done["message"]
    assert "downloadURL" not in done.get("artifacts", {})


@pytest.mark.skipif(
    not list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), reason="faketime is missing: make prereqs"
)
@pytest.mark.parametrize("minutes", [20, -20])
def test_a_clock_that_is_20_minutes_off_is_told_about_and_put_right(
    make_operator: MakeOperator, stage: Stage, minutes: int
) -> None:
    """S3 refuses what is signed 15 minutes away from its time. Grants and URLs work, and no deadline is thought to be over."""
    operator = make_operator()
    skew = {"LD_PRELOAD": FAKETIME, "FAKETIME": f"{minutes:+d}m", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    # The loader reads it when Python starts.
    operator.warm, operator.environment = False, {**operator.environment, **skew}
    operator.start()
    stage.apply("skewed")
    pod = stage.make_pod(stage.job("skewed"))
    # Whatever has not started is looked at again, with the time since the Job was created.
    stage.apply("another")
    stage.make_pod(stage.job("another"))
    stage.run(pod)
    started = stage.wait_reason("skewed", "AgentRunning")
    assert started["attempts"] == 1
    checkpoint = stage.store_checkpoint("skewed")
    stage.set_condition(pod, {"type": "DisruptionTarget", "status": "True", "reason": "Drained"})
    stage.finish(
        pod, stage.report("skewed", 1, verdict=Verdict.NONE, terminated=True, checkpoint=checkpoint), phase="Failed"
    )
    done = stage.play("skewed")
    assert (done["phase"], done["attempts"], done["resumedFromAttempt"]) == ("Succeeded", 2, 1)
    ended = datetime.fromisoformat(done["completionTime"])
    assert abs(datetime.now(UTC) - ended) < timedelta(minutes=5)
    assert urllib3.request("GET", done["artifacts"]["downloadURL"]).data == b"archive"
    assert stage.play("another")["phase"] == "Succeeded"
    way = "ahead of" if minutes > 0 else "behind"
    for peer in ("the API server", "the object store"):
        assert f"s {way} that of {peer}" in operator.log.read_text()
    assert f'agentjob_clock_skew_seconds{{peer="the object store"}} {"-" if minutes < 0 else ""}1' in operator.metrics()
