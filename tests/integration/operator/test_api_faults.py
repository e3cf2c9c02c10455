"""The API server is busy, broken or silent for a while: the operator is patient, does not hammer, and misses nothing."""

import itertools
import time
from collections import defaultdict

import pytest
from integration.operator.conftest import MakeOperator
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage

RETRY_AFTER = 3
KOPF_WOULD_GIVE_UP = 27.0
"""Seconds of errors in a row after which kopf's own pauses would be used up."""


class Refusals:
    """Answers everything with one error, and notes what was asked when."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.asked: dict[str, list[float]] = defaultdict(list)

    def __call__(self, method: str, path: str) -> tuple[int, dict[str, object]]:
        self.asked[f"{method} {path.split('resourceVersion=', maxsplit=1)[0]}"].append(time.monotonic())
        return self.code, {"kind": "Status", "code": self.code, "message": "refused by the test"}

    def gaps(self) -> dict[str, float]:
        """The smallest, by what was asked more than once."""
        return {
            what: min(later - earlier for earlier, later in itertools.pairwise(times))
            for what, times in self.asked.items()
            if len(times) > 1
        }


def _busy_while(stage: Stage, relay: Relay, refusals: Refusals, seconds: float) -> None:
    """One runs and ends, one is created, and the watches break while everything is refused."""
    relay.intercept = refusals
    relay.cut()
    stage.succeed("running", stage.jobs_of("running")[0]["metadata"]["name"] + "-pod")
    stage.apply("created")
    time.sleep(seconds)
    relay.intercept = lambda method, path: None


def _expect_as_if_nothing_had_been(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    assert stage.wait_reason("running", "Completed", 60)["attempts"] == 1
    assert stage.play("created")["attempts"] == 1
    assert operator.process is not None
    assert operator.process.poll() is None, "the same process all the time"
    assert "a bug" not in operator.log.read_text()
    assert len([w for w in relay.of("/jobs") if w.method == "POST"]) == 2


def _one_runs(operator: OperatorProcess, stage: Stage) -> None:
    operator.start()
    stage.apply("running")
    stage.run(stage.make_pod(stage.job("running")))
    stage.wait_reason("running", "AgentRunning")


def test_429_says_when_to_come_back(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """`Retry-After` is kept to, for each thing that is asked for."""
    _one_runs(operator, stage)
    refusals, relay.retry_after = Refusals(429), str(RETRY_AFTER)
    _busy_while(stage, relay, refusals, 4 * RETRY_AFTER)
    assert refusals.asked
    # A timer may fire a clock tick early.
    assert {what: gap for what, gap in refusals.gaps().items() if gap < RETRY_AFTER - 0.1} == {}
    _expect_as_if_nothing_had_been(operator, stage, relay)


def test_500_is_asked_again_less_and_less(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """For longer than kopf would bear it: an API server that recovers finds the same operator, not one in its crash loop."""
    _one_runs(operator, stage)
    refusals = Refusals(500)
    _busy_while(stage, relay, refusals, KOPF_WOULD_GIVE_UP)
    assert {what: len(times) for what, times in refusals.asked.items() if len(times) > 12} == {}
    _expect_as_if_nothing_had_been(operator, stage, relay)


def test_a_429_at_the_start_delays_it(make_operator: MakeOperator, stage: Stage, relay: Relay) -> None:
    """The start barrier, too, comes back when it was told to."""
    refusals, relay.retry_after = Refusals(429), str(RETRY_AFTER)
    operator = make_operator()
    relay.intercept = refusals
    operator.start(ready=False)
    stage.wait(lambda: len(refusals.asked) == 1 and sum(map(len, refusals.asked.values())) >= 2, "it asks again")
    relay.intercept = lambda method, path: None
    operator.wait_ready()
    assert all(gap > RETRY_AFTER - 0.1 for gap in refusals.gaps().values())


@pytest.mark.parametrize("hanging", ["the streams that there are", "every watch for a while"])
def test_a_watch_that_hangs_is_noticed(make_operator: MakeOperator, stage: Stage, relay: Relay, hanging: str) -> None:
    """No byte comes and no connection is closed, as behind a firewall that forgot about it. The next LIST is ten minutes away."""
    operator = make_operator(watch_quiet_seconds="3")
    operator.start()
    stage.apply("before")
    pod = stage.make_pod(stage.job("before"))
    if hanging == "every watch for a while":
        relay.hold = lambda method, path: "watch=true" in path
    else:
        relay.freeze()
    stage.run(pod)
    stage.apply("after")
    # Longer than it takes to notice: what is asked for anew hangs as well.
    time.sleep(4)
    relay.hold = lambda method, path: False
    stage.wait_reason("before", "AgentRunning")
    stage.succeed("before", pod)
    assert stage.wait_reason("before", "Completed")["attempts"] == 1
    assert stage.play("after")["phase"] == "Succeeded"
    assert operator.process is not None
    assert operator.process.poll() is None
