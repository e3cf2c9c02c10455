"""Desktop, notebook and services beside real jobs: conditions, the way in, linger, and a desktop that dies costs nothing."""

import base64
import hashlib
from typing import Any

import pytest
from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.status import ConditionType, Phase

from e2e.support.api import Json
from e2e.support.script import after, done, sh, task, wait_for
from e2e.support.tenant import END_SECONDS, Tenant, agentjob, status

ON: Json = {"desktop": {"enabled": True}, "notebook": {"enabled": True}}
CONDITIONS = {"desktop": ConditionType.DESKTOP_READY, "notebook": ConditionType.NOTEBOOK_READY}
_SERVICES = (
    sh('start-services && psql -Atc \'select 6*7\' "$DATABASE_URL" && redis-cli -u "$REDIS_URL" ping'),
    after(done(), contains="PONG", exit_code=0),
)

CASES = {
    "looked-at": agentjob("looked-at", task(wait_for("/tmp/go"), sh("echo kept > kept.txt"), done()), **ON),
    "lingers": agentjob("lingers", task(done()), lingerSeconds=900, **ON),
    "services": agentjob("services", task(*_SERVICES), services=["Postgres", "Redis"]),
}


def _told(job: Json, type_: str) -> tuple[str, str]:
    found: Json = next((one for one in status(job).get("conditions", []) if one["type"] == type_), {})
    return found.get("status", ""), found.get("reason", "")


def _wait_told(tenant: Tenant, name: str, type_: str, expected: tuple[str, str]) -> Json:
    return tenant.api.wait(tenant.path("agentjobs", name), lambda job: _told(job, type_) == expected, END_SECONDS)


def _container(tenant: Tenant, name: str, container: str) -> Json:
    statuses = tenant.pods(name)[-1]["status"]["containerStatuses"]
    found: Json = next(one for one in statuses if one["name"] == container)
    return found


def test_both_get_ready_say_how_to_get_in_and_end_with_the_job(fleet: Tenant) -> None:
    """Killing the desktop's and the notebook's programs on the way is healed and does not reach the agent."""
    for type_ in CONDITIONS.values():
        _wait_told(fleet, "looked-at", type_, ("True", "Ready"))
    job = fleet.job("looked-at")
    secret = fleet.api.get(fleet.path("secrets", status(job)["desktop"]["secretName"]))["data"]
    token = base64.b64decode(secret[status(job)["desktop"]["secretKey"]])
    assert base64.b64decode(secret[pod.KEY_DESKTOP_TOKEN_HASH]).decode() == hashlib.sha256(token).hexdigest()
    assert status(job)["notebook"]["port"] == pod.NOTEBOOK_PORT

    fleet.exec("looked-at", "sh", "-c", "pkill -KILL Xtigervnc || true", container=Container.DESKTOP)
    # The brackets keep the pattern from matching the shell that it stands in.
    fleet.exec("looked-at", "sh", "-c", "pkill -KILL -f '[j]upyter' || true", container=Container.NOTEBOOK)
    fleet.exec("looked-at", "touch", "/tmp/go")
    job = fleet.finished("looked-at")
    assert status(job)["phase"] == Phase.SUCCEEDED, status(job)
    assert status(job)["attempts"] == 1
    for field, type_ in CONDITIONS.items():
        assert _told(job, type_) == ("False", "Ended")
        assert field not in status(job)
    over = fleet.path("pods", fleet.pods("looked-at")[-1]["metadata"]["name"])
    ended = fleet.api.wait(over, lambda found: found["status"]["phase"] == "Succeeded", 60)
    assert {one["state"]["terminated"]["exitCode"] for one in ended["status"]["containerStatuses"]} == {0}


def test_what_lingers_outlives_the_report_and_goes_with_the_agentjob(fleet: Tenant) -> None:
    """Succeeded and archived at once; a person can still look; deleting the AgentJob ends it."""
    job = fleet.finished("lingers")
    assert status(job)["phase"] == Phase.SUCCEEDED, status(job)
    assert status(job)["artifacts"]["downloadURL"]
    assert "running" in _container(fleet, "lingers", Container.DESKTOP)["state"]
    assert "terminated" in _container(fleet, "lingers", Container.COURIER)["state"]
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
    """A job with both switched off starts without their images."""
    job: Any = fleet.finished("services")
    assert _told(job, CONDITIONS[field]) == ("", "")
    containers = [one["name"] for one in fleet.pods("services")[-1]["spec"]["containers"]]
    assert containers == [Container.COURIER, Container.AGENT]
