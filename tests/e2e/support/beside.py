"""What an AgentJob with a desktop and a notebook tells and does, as a test asks for it."""

import json
from datetime import datetime

from agentjob_api.pod import Container
from agentjob_api.status import ConditionType

from e2e.support import expect
from e2e.support.api import Json
from e2e.support.tenant import END_SECONDS, Tenant

ON: Json = {"desktop": {"enabled": True}, "notebook": {"enabled": True}}
CONDITIONS = {"desktop": ConditionType.DESKTOP_READY, "notebook": ConditionType.NOTEBOOK_READY}
READY = ("True", "Ready")
_FILL = "cat /dev/zero > $HOME/full; cat /dev/zero > /tmp/full; df $HOME /tmp | grep -c 100%"
_KILL = "pkill -KILL -P 1"
"""Below the container's first process, which then ends as one does that the kernel killed for its memory: with 137."""


def told(job: Json, type_: ConditionType) -> tuple[str, str]:
    """Status and reason of a condition; empty where there is none."""
    found = expect.condition(job, type_)
    return found.get("status", ""), found.get("reason", "")


def wait_told(tenant: Tenant, name: str, type_: ConditionType, *expected: tuple[str, str]) -> Json:
    """The AgentJob as soon as its condition is one of `expected`."""
    return tenant.api.wait(tenant.path("agentjobs", name), lambda job: told(job, type_) in expected, END_SECONDS)


def container(tenant: Tenant, name: str, of: Container) -> Json:
    """The status of a container of the current pod."""
    statuses = tenant.pods(name)[-1]["status"]["containerStatuses"]
    found: Json = next(one for one in statuses if one["name"] == of)
    return found


def fill(tenant: Tenant, name: str, of: Container) -> None:
    """Its home and its temporary files are full."""
    assert tenant.exec(name, "sh", "-c", f"({_FILL}) 2>/dev/null", container=of).strip() == "2"


def free(tenant: Tenant, name: str, of: Container) -> None:
    """What `fill` wrote is gone."""
    tenant.exec(name, "sh", "-c", "rm $HOME/full /tmp/full", container=of)


def kill_whole(tenant: Tenant, name: str, of: Container) -> None:
    """SIGKILL ends the container; returns when that was noticed."""
    before = container(tenant, name, of)["restartCount"]
    path = tenant.path("pods", tenant.pods(name)[-1]["metadata"]["name"])
    # The shell dies with it, and kubectl says so.
    tenant.exec(name, "sh", "-c", _KILL, container=of, check=False)

    def died(found: Json) -> bool:
        one: Json = next(each for each in found["status"]["containerStatuses"] if each["name"] == of)
        return one["restartCount"] > before or "running" not in one["state"]

    tenant.api.wait(path, died, 60)


def wait_restarted(tenant: Tenant, name: str, of: Container, times: int) -> None:
    """The kubelet has started the container again, `times` in all."""
    path = tenant.path("pods", tenant.pods(name)[-1]["metadata"]["name"])

    def again(found: Json) -> bool:
        return any(one["name"] == of and one["restartCount"] == times for one in found["status"]["containerStatuses"])

    tenant.api.wait(path, again, END_SECONDS)


def seconds_after_courier(pod: Json) -> dict[str, float]:
    """When each container of a finished pod ended, in seconds after the courier; the kubelet tells whole seconds."""
    statuses = [*pod["status"]["initContainerStatuses"], *pod["status"]["containerStatuses"]]
    ends = {one["name"]: datetime.fromisoformat(one["state"]["terminated"]["finishedAt"]) for one in statuses}
    after = {name: (end - ends[Container.COURIER]).total_seconds() for name, end in ends.items()}
    print(f"seconds after the courier: {json.dumps(after)}")
    return after
