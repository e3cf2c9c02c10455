"""Desktop and notebook in conditions and status: told in few writes, and never a cause of anything."""

from datetime import timedelta

import pytest
from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import Verdict
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus
from agentjob_operator.model import Evidence, Observed, Stage
from agentjob_operator.objects import Pod
from agentjob_operator.observe import observe
from agentjob_operator.plan import plan
from agentjob_operator.status import Base, Download, Links, pause, status_of
from unit.operator.clusterobjects import (
    NOW,
    PREFIX,
    Json,
    agentjob,
    at,
    at_work,
    ended,
    job,
    pod,
    ready,
    recorded,
    report,
    running,
    waiting,
)

LINKS = Links("https://x/{namespace}/{name}/{port}/", "ns", "todo")
LINGERING = Links(namespace="ns", name="todo", linger_seconds=600)
KNOWN = Evidence(prefix=PREFIX, archive_checked=True, usage_checked=True)
MISSING = waiting("ImagePullBackOff", "not found")
LONG = {"running": {"startedAt": at(-61)}}


def _observed(raw: Pod) -> Observed:
    return observe(agentjob(recorded()), job(), raw, KNOWN, NOW)


def _of(
    observed: Observed, current: AgentJobStatus | None = None, links: Links = LINKS, spec: Json | None = None
) -> AgentJobStatus:
    current = current or AgentJobStatus(attempts=1)
    todo = plan(AgentJobSpec.model_validate({"task": "x", **(spec or {})}), current, observed, NOW, disruption_cap=3)
    return status_of(Base(1, current, NOW, links), observed, todo, lambda _: Download("https://d", NOW))


def _told(status: AgentJobStatus, type_: str = "DesktopReady") -> tuple[str, str] | None:
    return next(((one.status, one.reason) for one in status.conditions if one.type == type_), None)


def _end(**states: Json) -> Pod:
    """Agent and courier ended well; what else is in the pod."""
    over = {"agent": ended(), "courier": ended(message=report(Verdict.SUCCESS))}
    return pod({"phase": "Pending"}, **at_work(**over, **states))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ready(), ("True", "Ready")),
        (running(), ("False", "Starting")),
        (waiting("ContainerCreating"), ("False", "Starting")),
        (LONG, ("False", "NotReady")),
        (MISSING, ("False", "ImageUnavailable")),
        (waiting("CreateContainerConfigError", "no such file"), ("False", "CannotStart")),
        (ended(128, "StartError", "exec: not found"), ("False", "CannotStart")),
        (ended(137, "OOMKilled"), ("False", "Crashed")),
        (ended(1), ("False", "Crashed")),
    ],
)
def test_the_condition_says_what_is_the_matter_while_the_agent_runs(state: Json, expected: tuple[str, str]) -> None:
    """Whatever befalls the desktop, phase and reason stay the agent's."""
    status = _of(_observed(pod({"phase": "Pending"}, **at_work(desktop=dict(state), notebook=ready()))))
    assert _told(status) == expected
    assert _told(status, "NotebookReady") == ("True", "Ready")
    assert (status.phase, status.reason) == ("Running", "AgentRunning")


@pytest.mark.parametrize("state", [MISSING, ended(128, "StartError"), ended(137, "OOMKilled")])
def test_a_broken_desktop_neither_ends_nor_delays(state: Json) -> None:
    """While the agent starts it is no waiting reason, after its end the report counts."""
    starting = pod({"phase": "Pending"}, model_proxy=running(), desktop=dict(state))
    assert _observed(starting).cause is None
    done = _of(_observed(_end(desktop=dict(state))))
    assert (done.phase, done.reason) == ("Succeeded", "Completed")
    assert _told(done) is not None
    assert done.desktop is None


def test_no_reason_of_theirs_ends_or_repeats_an_attempt() -> None:
    """The table of the API reference says so for each."""
    reasons = [Reason.READY, Reason.STARTING, Reason.NOT_READY, Reason.IMAGE_UNAVAILABLE, Reason.CANNOT_START]
    for reason in (*reasons, Reason.CRASHED, Reason.LINGERING, Reason.ENDED):
        assert TABLE[reason].effect is Effect.HARMLESS


def test_a_pod_without_them_says_nothing_of_them() -> None:
    """Switched off is not broken."""
    status = _of(_observed(pod(**at_work())))
    assert (_told(status), status.desktop, status.notebook) == (None, None, None)


def test_how_to_get_in() -> None:
    """The Secret's name and key, the port, and the URL if the administrator has made one."""
    status = _of(_observed(pod(**at_work(desktop=running(), notebook=ready()))))
    assert status.desktop is not None
    assert status.notebook is not None
    assert status.desktop.model_dump() == {
        "url": "https://x/ns/todo/6080/",
        "secret_name": "todo-1",
        "secret_key": "desktop-token",
        "port": 6080,
    }
    assert (status.notebook.secret_key, status.notebook.port) == ("notebook-token", 8888)
    without = _of(_observed(pod(**at_work(desktop=running()))), links=Links())
    assert without.desktop is not None
    assert without.desktop.url is None


def test_two_that_get_ready_one_after_the_other_are_one_write() -> None:
    """The budget is one more PATCH with desktop and notebook."""
    first = _of(_observed(pod(**at_work(desktop=running(), notebook=running()))))
    one = _of(_observed(pod(**at_work(desktop=running(), notebook=ready()))), first)
    both = _of(_observed(pod(**at_work(desktop=ready(), notebook=ready()))), first)
    assert pause(first, one, NOW, NOW + timedelta(seconds=3)) == 17
    assert pause(first, both, NOW, NOW + timedelta(seconds=5)) is None
    assert pause(first, one, NOW, NOW + timedelta(seconds=20)) is None


def test_one_that_keeps_crashing_is_told_twice_a_minute_at_most() -> None:
    """Each flip of a condition is a write."""
    good = _of(_observed(pod(**at_work(desktop=ready()))))
    bad = _of(_observed(pod(**at_work(desktop=LONG))), good)
    assert pause(good, bad, NOW, NOW + timedelta(seconds=10)) == 20
    assert pause(good, bad, NOW, NOW + timedelta(seconds=30)) is None


def test_that_it_does_not_get_ready_is_looked_at_without_an_event() -> None:
    """Nothing happens when nothing happens."""
    assert _observed(pod(**at_work(desktop=running()))).recheck_seconds == 55
    assert _observed(pod(**at_work(desktop=ready()))).recheck_seconds is None


def test_the_end_takes_them_along() -> None:
    """The finished status must not promise a desktop that is going."""
    before = _of(_observed(pod(**at_work(desktop=ready(), notebook=ready()))))
    done = _of(_observed(_end(desktop=ready(), notebook=ended())), before)
    assert (_told(done), _told(done, "NotebookReady")) == (("False", "Ended"), ("False", "Ended"))
    assert (done.desktop, done.notebook) == (None, None)


def test_what_lingers_is_told_with_its_end() -> None:
    """Succeeded at once, and the way in stays."""
    observed = _observed(_end(desktop=ready(), notebook=ended(137, "OOMKilled")))
    done = _of(observed, links=LINGERING, spec={"lingerSeconds": 600})
    assert (done.phase, _told(done)) == ("Succeeded", ("True", "Lingering"))
    assert _told(done, "NotebookReady") == ("False", "Crashed")
    assert next(one.message for one in done.conditions if one.type == "DesktopReady") == f"It stays until {at(600)}."
    assert (done.desktop is None, done.notebook is None) == (False, True)


def test_a_retry_starts_without_a_desktop() -> None:
    """That of the last attempt is gone, that of the next not yet there."""
    before = _of(_observed(pod(**at_work(desktop=ready()))))
    lost = _observed(pod(**at_work(agent=ended(137, "OOMKilled"), courier=ended(message=report(Verdict.NONE)))))
    status = _of(lost, before, spec={"backoffLimit": 1})
    assert (status.reason, _told(status), status.desktop) == ("Retrying", ("False", "Ended"), None)


@pytest.mark.parametrize(
    ("linger", "states", "deleted"),
    [
        (0, {"desktop": ready()}, False),
        (0, {"desktop": MISSING}, True),
        (0, {"desktop": ended(128, "StartError")}, False),
        (600, {"desktop": ready()}, False),
        (600, {"desktop": MISSING, "notebook": ready()}, False),
        (600, {"desktop": MISSING}, True),
    ],
)
def test_a_pod_that_cannot_end_by_itself_is_ended(linger: int, states: dict[str, Json], deleted: bool) -> None:
    """A main container whose image never comes keeps the pod Pending until the Job's deadline; what lingers is left alone."""
    observed = _observed(_end(**{name: dict(state) for name, state in states.items()}))
    spec = AgentJobSpec.model_validate({"task": "x", "lingerSeconds": linger})
    todo = plan(spec, AgentJobStatus(), observed, NOW, disruption_cap=3)
    assert todo.finish is not None
    assert [one.name for one in todo.delete] == (["todo-1"] if deleted else [])


def test_an_attempt_that_is_repeated_does_not_linger() -> None:
    """Two desktops of one AgentJob would serve nobody."""
    lost = pod(**at_work(agent=ended(137, "OOMKilled"), courier=ended(message=report(Verdict.NONE)), desktop=ready()))
    spec = AgentJobSpec.model_validate({"task": "x", "lingerSeconds": 600, "backoffLimit": 1})
    todo = plan(spec, AgentJobStatus(), _observed(lost), NOW, disruption_cap=3)
    assert todo.retry is not None
    assert len(todo.delete) == 1


def test_an_agent_that_could_not_start_ends_though_the_pod_is_pending() -> None:
    """While the desktop's image is missing, the pod's phase is Pending whatever the others do."""
    raw = pod({"phase": "Pending"}, **at_work(agent=ended(128, "StartError", "exec"), desktop=dict(MISSING)))
    observed = _observed(raw)
    assert observed.stage is Stage.ENDED
    assert observed.ending is not None
    assert observed.ending.reason is Reason.AGENT_CRASHED
