"""Two replicas, one Lease: whatever becomes of the leader, no AgentJob is lost or doubled, and no two write at a time."""

import signal
import time
from datetime import datetime
from typing import Any

import pytest
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.simulated.conftest import LEASE_SECONDS, RENEW_SECONDS, RETRY_SECONDS, MakeOperator
from integration.simulated.crowd import Crowd
from integration.simulated.plane import Plane
from support.patience import until


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _lead_and_stand_by(make: MakeOperator, relay: Relay | None = None) -> tuple[OperatorProcess, OperatorProcess]:
    first, second = make("first", relay), make("second")
    first.start()
    first.wait_state("leading")
    second.start()
    assert second.state() == "standby"
    return first, second


def _taken_over(plane: Plane, before: dict[str, Any]) -> dict[str, Any]:
    """The Lease when another one has it; `before` as its holder left it."""

    def taken() -> dict[str, Any] | None:
        lease = plane.lease()
        return lease if lease["holderIdentity"] not in ("", before["holderIdentity"]) else None

    return until(taken, "another one takes the Lease")


def _ended(operator: OperatorProcess, seconds: float = 30) -> int:
    assert operator.process is not None
    code = operator.process.wait(seconds)
    operator.process = None
    return code


def test_the_leader_is_killed_beside_200_running_ones(plane: Plane, make_operator: MakeOperator, crowd: Crowd) -> None:
    """SIGKILL. The other leads when the Lease has run out, by the Lease's own times; those created in between are started, too."""
    first, second = _lead_and_stand_by(make_operator)
    crowd.add(200)
    crowd.wait(Running=200)
    crowd.end(60)
    first.kill()
    left = plane.lease()
    crowd.end(60)
    crowd.add(20)
    taken = _taken_over(plane, left)
    gap = (_moment(taken["acquireTime"]) - _moment(left["renewTime"])).total_seconds()
    print(f"taken over {gap:.2f} s after the last renewal")
    # It looks at the Lease once in a while, and a request takes what it takes; then the Lease runs out, and it takes it.
    look = RETRY_SECONDS + RENEW_SECONDS / 2
    assert gap <= LEASE_SECONDS + 2 * look
    assert taken["leaseTransitions"] == left["leaseTransitions"] + 1
    second.wait_state("leading")
    crowd.expect_each_ended_once()
    assert "a bug" not in second.log.read_text()


@pytest.mark.parametrize("cut", ["everything", "the Lease"])
def test_a_leader_that_is_cut_off_stops_before_another_one_starts(
    plane: Plane, make_operator: MakeOperator, relay: Relay, crowd: Crowd, cut: str
) -> None:
    """Its packets are dropped, and it hears nothing of it. Cut off from the Lease alone it could still write, and must not."""
    first, second = _lead_and_stand_by(make_operator, relay)
    crowd.add(20)
    crowd.wait(Running=20)
    crowd.end(5)
    relay.hold = lambda method, path: cut == "everything" or "/leases" in path
    left = plane.lease()
    crowd.end(5)
    crowd.add(5)
    taken = _taken_over(plane, left)
    acquired = _moment(taken["acquireTime"]).timestamp()
    assert first.process is not None
    assert first.process.poll() == 1, "it had ended when the other one took the Lease"
    first.process = None
    assert "the Lease is lost: it could not be renewed" in first.log.read_text()
    relay.hold = lambda method, path: False
    second.wait_state("leading")
    crowd.expect_each_ended_once()
    sent = [write.at for write in relay.arrived]
    assert sent
    assert max(sent) < acquired
    assert max(write.at for write in relay.answered) < acquired or cut == "everything"


def test_a_leader_that_stood_still_writes_nothing_when_it_wakes(
    plane: Plane, make_operator: MakeOperator, relay: Relay, crowd: Crowd
) -> None:
    """SIGSTOP, as a frozen virtual machine: pods have ended meanwhile, and it believes that it leads. The other one does it all."""
    first, second = _lead_and_stand_by(make_operator, relay)
    crowd.add(20)
    crowd.wait(Running=20)
    crowd.end(5)
    assert first.process is not None
    first.process.send_signal(signal.SIGSTOP)
    left = plane.lease()
    crowd.end(5)
    crowd.add(5)
    _taken_over(plane, left)
    second.wait_state("leading")
    sent = len(relay.arrived)
    first.process.send_signal(signal.SIGCONT)
    assert _ended(first) == 1
    assert len(relay.arrived) == sent
    crowd.expect_each_ended_once()


def test_a_rolling_update_under_load(plane: Plane, make_operator: MakeOperator, crowd: Crowd) -> None:
    """As a Deployment does it, twice: a new one comes, an old one gets SIGTERM; AgentJobs are created all the while."""
    replicas = [*_lead_and_stand_by(make_operator)]
    for generation in range(4):
        crowd.add(8)
        replicas.append(make_operator(f"new-{generation}"))
        replicas[-1].start()
        crowd.add(8)
        old = replicas.pop(0)
        assert old.stop() == 0
        assert "a bug" not in old.log.read_text()
        crowd.add(8)
        until(lambda: any(one.probe("readyz") == 200 and one.state() == "leading" for one in replicas), "a leader")
    crowd.expect_each_ended_once()


def test_a_lease_that_is_deleted_stays_with_its_leader(plane: Plane, make_operator: MakeOperator, crowd: Crowd) -> None:
    """By hand. It is made anew by who holds it, and nobody takes it from under him."""
    first, second = _lead_and_stand_by(make_operator)
    before = plane.lease()
    plane.kubectl("delete", "lease", "agentjob-operator", "-n", "agentjob-system")
    crowd.add(5)
    after = until(plane.lease, "a Lease")
    assert after["holderIdentity"] == before["holderIdentity"]
    time.sleep(2 * RETRY_SECONDS)
    assert (first.state(), second.state()) == ("leading", "standby")
    crowd.expect_each_ended_once()
