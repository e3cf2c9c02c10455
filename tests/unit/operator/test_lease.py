"""When a Lease may be taken: never while its holder may still act."""

from datetime import UTC, datetime
from typing import Any

from agentjob_operator.lease import Sight, held_by, holder_of

MOMENT = datetime(2026, 11, 21, 10, 0, 0, 0, UTC)


def _lease(version: str = "1", holder: str = "other", seconds: int = 15) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": seconds}
    return {"metadata": {"resourceVersion": version}, "spec": spec}


def test_it_is_taken_when_it_was_seen_unchanged_for_as_long_as_it_says() -> None:
    """By the time of who looks: what the holder's clock wrote into it does not count, nor when it was written."""
    sight = Sight("me")
    assert not sight.free(_lease(), 100)
    assert not sight.free(_lease(), 114.9)
    assert sight.free(_lease(), 115)


def test_each_renewal_begins_the_time_anew() -> None:
    """Another resource version is a renewal, whatever time it names."""
    sight = Sight("me")
    sight.free(_lease("1"), 100)
    assert not sight.free(_lease("2"), 114)
    assert not sight.free(_lease("2"), 128.9)
    assert sight.free(_lease("2"), 129)


def test_one_that_was_given_up_is_free_at_once() -> None:
    """The next leader need not wait."""
    assert Sight("me").free(_lease(holder=""), 0)


def test_one_that_never_was_is_free_and_one_that_vanished_is_its_holders() -> None:
    """Deleted by hand: its holder makes it anew, and nobody takes it from under him."""
    sight = Sight("me")
    assert sight.free(None, 0)
    assert not sight.free(_lease(), 1)
    assert not sight.free(None, 2)
    assert sight.free(None, 16)


def test_a_lease_that_says_a_year_keeps_nobody_waiting_for_one() -> None:
    """Whoever may write Leases here may have done it by mistake."""
    sight = Sight("me")
    assert not sight.free(_lease(seconds=31_536_000), 0)
    assert sight.free(_lease(seconds=31_536_000), 300)


def test_the_next_look_is_not_later_than_its_end() -> None:
    """A pause that begins shortly before would delay the next leader for nothing."""
    sight = Sight("me")
    assert sight.pause(0, 2) == 2
    sight.free(_lease(), 0)
    assert sight.pause(14.5, 2) == 0.5
    assert sight.pause(20, 2) == 2


def test_what_is_written() -> None:
    """Times with microseconds, which the API server insists on; transitions count other holders only."""
    new = held_by("me", None, seconds=15, now=MOMENT, namespace="n", name="l")
    assert new["metadata"] == {"name": "l", "namespace": "n"}
    assert (new["spec"]["acquireTime"], new["spec"]["leaseTransitions"]) == ("2026-11-21T10:00:00.000000Z", 0)
    taken = held_by("me", _lease(), seconds=15, now=MOMENT, namespace="n", name="l")
    assert (holder_of(taken), taken["spec"]["leaseTransitions"], taken["metadata"]) == (
        "me",
        1,
        {"resourceVersion": "1"},
    )
    later = held_by("me", taken, seconds=15, now=MOMENT.replace(second=9), namespace="n", name="l")
    assert later["spec"] == taken["spec"] | {"renewTime": "2026-11-21T10:00:09.000000Z"}
