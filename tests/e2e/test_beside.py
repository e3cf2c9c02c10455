"""Desktop, notebook and services beside real jobs: conditions, the way in, linger; and whatever happens to them costs the task nothing."""

import base64
import hashlib

import pytest
from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.status import ConditionType, Phase

from e2e.support import expect
from e2e.support.beside import (
    CONDITIONS,
    ON,
    READY,
    container,
    fill,
    free,
    kill_whole,
    seconds_after_courier,
    told,
    wait_restarted,
    wait_told,
)
from e2e.support.script import after, call, done, sh, task, wait_for, write
from e2e.support.tenant import Tenant, agentjob, status

_SERVICES = (
    sh('start-services && psql -Atc \'select 6*7\' "$DATABASE_URL" && redis-cli -u "$REDIS_URL" ping'),
    after(done(), contains="PONG", exit_code=0),
)
_WINDOW = """import tkinter

window = tkinter.Tk()
window.title("form")
window.geometry("400x120+600+500")
field = tkinter.Entry(window, font=("Sans", 20))
field.pack(fill="both", expand=True)
field.bind("<Return>", lambda _event: open("said.txt", "w").write(field.get()))
window.mainloop()
"""
_HANDS = (
    write("form.py", _WINDOW),
    # A window that opens later would take the focus.
    sh("until xdotool search --name '^Terminal$' && xdotool search --name '^Agent$'; do sleep 0.2; done 2>/dev/null"),
    sh("nohup python3 form.py >form.log 2>&1 &"),
    sh("until xdotool search --onlyvisible --name '^form$' windowactivate --sync; do sleep 0.2; done 2>/dev/null"),
    after(call("screenshot"), exit_code=0),
    after(call("click", x=800, y=570), contains="The screen is", pictures=1),
    call("type_text", text="grüß dich"),
    call("press_key", keys="Return"),
    sh("until [ -s said.txt ]; do sleep 0.1; done; cat said.txt"),
    after(done(), contains="grüß dich", pictures=0),
)
"""A program with a window that the agent wrote, seen and used by it."""

CASES = {
    "looked-at": agentjob("looked-at", task(wait_for("/tmp/go"), sh("echo kept > kept.txt"), done()), **ON),
    "dies-often": agentjob("dies-often", task(wait_for("/tmp/go"), done()), desktop={"enabled": True}),
    "hands": agentjob("hands", task(*_HANDS), model={"images": True}, desktop={"enabled": True}),
    "lingers": agentjob("lingers", task(done()), lingerSeconds=900, **ON),
    "services": agentjob("services", task(*_SERVICES), services=["Postgres", "Redis"]),
}


def test_both_get_ready_and_say_how_to_get_in(fleet: Tenant) -> None:
    """By the conditions, the Secret's name and key, and the port."""
    for type_ in CONDITIONS.values():
        wait_told(fleet, "looked-at", type_, READY)
    job = fleet.job("looked-at")
    secret = fleet.api.get(fleet.path("secrets", status(job)["desktop"]["secretName"]))["data"]
    token = base64.b64decode(secret[status(job)["desktop"]["secretKey"]])
    assert base64.b64decode(secret[pod.KEY_DESKTOP_TOKEN_HASH]).decode() == hashlib.sha256(token).hexdigest()
    assert status(job)["notebook"]["port"] == pod.NOTEBOOK_PORT


def test_what_happens_to_them_does_not_reach_the_agent(fleet: Tenant) -> None:
    """Full disks, killed programs, and a container that is killed whole: all is healed; one attempt, an archive."""
    for one in (Container.DESKTOP, Container.NOTEBOOK):
        fill(fleet, "looked-at", one)
    fleet.exec("looked-at", "sh", "-c", "pkill -KILL Xtigervnc || true", container=Container.DESKTOP)
    # The brackets keep the pattern from matching the shell that it stands in.
    fleet.exec("looked-at", "sh", "-c", "pkill -KILL -f '[m] jupyterlab' || true", container=Container.NOTEBOOK)
    for one in (Container.DESKTOP, Container.NOTEBOOK):
        free(fleet, "looked-at", one)
    kill_whole(fleet, "looked-at", Container.NOTEBOOK)
    wait_restarted(fleet, "looked-at", Container.NOTEBOOK, times=1)
    for type_ in CONDITIONS.values():
        wait_told(fleet, "looked-at", type_, READY)
    assert container(fleet, "looked-at", Container.AGENT)["restartCount"] == 0

    fleet.exec("looked-at", "touch", "/tmp/go")
    job = fleet.finished("looked-at")
    expect.succeeded(job)
    expect.attempts(job, 1)
    for field, type_ in CONDITIONS.items():
        assert told(job, type_) == ("False", "Ended")
        assert field not in status(job)


def test_the_finished_pod_ends_with_the_courier(fleet: Tenant) -> None:
    """Nothing lingers: desktop and notebook are over within two seconds of it, all containers well, and the Job is Complete."""
    fleet.finished("looked-at")
    over = fleet.path("pods", fleet.pods("looked-at")[-1]["metadata"]["name"])
    ended = fleet.api.wait(over, lambda found: found["status"]["phase"] == "Succeeded", 60)
    statuses = [*ended["status"]["initContainerStatuses"], *ended["status"]["containerStatuses"]]
    assert {one["state"]["terminated"]["exitCode"] for one in statuses} == {0}
    after = seconds_after_courier(ended)
    assert {one: after[one] for one in (Container.DESKTOP, Container.NOTEBOOK) if after[one] > 2} == {}
    # The kubelet stops model-proxy, when all others are over: that it need not be killed is ours.
    assert max(after.values()) < ended["spec"]["terminationGracePeriodSeconds"]


def test_a_desktop_that_dies_again_holds_nothing_back(fleet: Tenant) -> None:
    """The kubelet pauses before it starts it once more; the agent ends with success, and no pod is left waiting for that."""
    for _ in range(2):
        wait_told(fleet, "dies-often", ConditionType.DESKTOP_READY, READY)
        kill_whole(fleet, "dies-often", Container.DESKTOP)
    fleet.exec("dies-often", "touch", "/tmp/go")
    job = fleet.finished("dies-often")
    expect.succeeded(job)
    running = {"labelSelector": "agentjob.io/name=dies-often", "fieldSelector": "status.phase=Running"}
    fleet.api.wait_empty(fleet.path("pods"), 60, **running)


def test_the_agent_sees_and_uses_a_program_with_a_window(fleet: Tenant) -> None:
    """Screenshot, click, type_text and press_key of the Builtin engine; the picture reaches a model that takes images."""
    expect.succeeded(fleet.finished("hands"))


def test_what_lingers_outlives_the_report_and_goes_with_the_agentjob(fleet: Tenant) -> None:
    """Succeeded and archived at once; a person can still look; deleting the AgentJob ends it."""
    job = fleet.finished("lingers")
    assert status(job)["phase"] == Phase.SUCCEEDED, status(job)
    assert status(job)["artifacts"]["downloadURL"]
    assert "running" in container(fleet, "lingers", Container.DESKTOP)["state"]
    assert "terminated" in container(fleet, "lingers", Container.COURIER)["state"]
    assert status(job)["desktop"]["port"] == pod.DESKTOP_PORT
    pods = fleet.path("pods")
    fleet.delete("lingers")
    fleet.api.wait_empty(pods, 60, labelSelector="agentjob.io/name=lingers")


def test_services_are_there_before_the_agent(fleet: Tenant) -> None:
    """Its first command talks to both."""
    job = fleet.finished("services")
    assert status(job)["phase"] == Phase.SUCCEEDED, status(job)


@pytest.mark.parametrize("field", list(CONDITIONS))
def test_what_is_off_is_not_told_of(fleet: Tenant, field: str) -> None:
    """Neither in the status nor in the pod."""
    job = fleet.finished("services")
    assert told(job, CONDITIONS[field]) == ("", "")
    containers = [one["name"] for one in fleet.pods("services")[-1]["spec"]["containers"]]
    assert containers == [Container.COURIER, Container.AGENT]
