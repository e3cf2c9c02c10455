"""A clock that is wrong is told about once and put right; one that is right is left alone."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from agentjob_operator.clock import Clock
from structlog.testing import capture_logs

RIGHT = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


class Machine:
    """Its wall clock can be wrong; its monotonic one never is."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead, self.passed = ahead, 0.0

    def right(self) -> datetime:
        return RIGHT + timedelta(seconds=self.passed)

    def own(self) -> datetime:
        return self.right() + self.ahead

    def clock(self) -> Clock:
        return Clock("the store", own=self.own, monotonic=lambda: self.passed)

    def date(self) -> str:
        """As a server says it."""
        return format_datetime(self.right(), usegmt=True)


@pytest.mark.parametrize("minutes", [20, -20])
def test_the_servers_time_is_used_where_this_machines_is_wrong(minutes: int) -> None:
    """Ahead or behind, and on from there without another answer."""
    machine = Machine(timedelta(minutes=minutes))
    clock = machine.clock()
    assert clock.now() == machine.own(), "nothing else is known yet"
    clock.heard(machine.date())
    machine.passed = 3600
    assert clock.now() == machine.right()
    assert clock.skew() == timedelta(minutes=minutes)


def test_what_everybodys_clocks_differ_by_is_left_alone() -> None:
    """`Date` has whole seconds, and answers take their time: it would be worse than the machine's own."""
    machine = Machine(timedelta(seconds=25))
    clock = machine.clock()
    clock.heard(machine.date())
    assert clock.now() == machine.own()


def test_a_clock_that_is_put_right_is_right_at_once() -> None:
    """Without waiting for the next answer; and one that is set wrong is not believed."""
    machine = Machine(timedelta(minutes=20))
    clock = machine.clock()
    clock.heard(machine.date())
    machine.ahead = timedelta(0)
    assert clock.now() == machine.right()
    machine.ahead = timedelta(hours=-3)
    assert clock.now() == machine.right()


def test_it_is_said_once_and_once_that_it_is_over() -> None:
    """Not with each answer."""
    machine = Machine(timedelta(minutes=-20))
    clock = machine.clock()
    with capture_logs() as logs:
        for machine.passed in (0.0, 0.5, 10.0, 20.0):
            clock.heard(machine.date())
        machine.ahead = timedelta(0)
        for machine.passed in (30.0, 40.0):
            clock.heard(machine.date())
    assert [line["log_level"] for line in logs] == ["warning", "info"]
    assert "1200 s behind that of the store" in logs[0]["event"]


@pytest.mark.parametrize("date", [None, "", "tomorrow"])
def test_a_date_that_is_none_changes_nothing(date: str | None) -> None:
    """A proxy may send anything."""
    machine = Machine(timedelta(minutes=20))
    clock = machine.clock()
    clock.heard(date)
    assert clock.skew() == timedelta(0)
