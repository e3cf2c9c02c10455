"""AgentJobs and plain Jobs, created at a rate or all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from agentjob_api import names

from bench.client import CONNECTIONS, Client
from bench.objectstore import Store

AGENTJOBS = f"/apis/{names.API_VERSION}/namespaces/{{}}/agentjobs"
JOBS = "/apis/batch/v1/namespaces/{}/jobs"
PODS = "/api/v1/namespaces/{}/pods"
ENDED_PODS = {"fieldSelector": "status.phase=Succeeded"}


def agentjob(name: str) -> dict[str, Any]:
    """The smallest spec, without desktop and notebook."""
    spec = {"task": "Build me a todo app in React", "desktop": {"enabled": False}, "notebook": {"enabled": False}}
    return {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": {"name": name}, "spec": spec}


SMALLEST_POD: Final = {
    "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "localhost/agentjob/pause:bench"}]}
}


def plain_job(name: str, template: dict[str, Any] = SMALLEST_POD) -> dict[str, Any]:
    """A Job that nobody has to watch over; unless told otherwise, the smallest there is."""
    spec = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


class Creator:
    """Creates in one namespace, at most as many at a time as there are connections."""

    def __init__(self, api: Client, store: Store, namespace: str) -> None:
        self._api, self._store, self._namespace = api, store, namespace
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def agentjob(self, name: str) -> None:
        """And the archive that its simulated pod will report."""
        async with self._free:
            made = await self._api.request("POST", AGENTJOBS.format(self._namespace), agentjob(name))
            await self._store.upload(self._api.session, self._namespace, name, made["metadata"]["uid"])

    async def plain_job(self, name: str, template: dict[str, Any] = SMALLEST_POD) -> None:
        async with self._free:
            await self._api.request("POST", JOBS.format(self._namespace), plain_job(name, template))


async def at_once(create: Callable[[str], Awaitable[None]], prefix: str, count: int) -> None:
    """All of them; returns when the last was answered."""
    await asyncio.gather(*(create(f"{prefix}-{number}") for number in range(count)))


async def at_rate(create: Callable[[str], Awaitable[None]], prefix: str, count: int, per_second: float) -> None:
    """One after the other on a fixed schedule, whether or not the ones before were answered."""
    begun, tasks = time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / per_second - time.monotonic()))
        tasks.append(asyncio.ensure_future(create(f"{prefix}-{number}")))
    await asyncio.gather(*tasks)
