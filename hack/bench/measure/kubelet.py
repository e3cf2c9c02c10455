"""On a real kubelet: what an AgentJob takes beside a bare pod of the same image, one after the other. Needs `make cluster-up images`."""

from __future__ import annotations

import json
import secrets
import statistics
import time
from datetime import datetime
from typing import Any, Final

from agentjob_api import names
from agentjob_api.pod import Container
from agentjob_operator.manifests.security import container_security_context, pod_security_context
from cluster import console, paths
from demo.install import NAMESPACE, install
from demo.shell import DemoError, Shell
from rich.console import Console

from bench import load
from bench.client import Client, cluster_of
from bench.errors import BenchError
from bench.measure.burst import SECONDS
from bench.plane import make_namespace
from bench.recorder import Recorder, Watched, watching

SCRIPT: Final = {
    "turns": [
        {"toolCalls": [{"name": "run_shell", "arguments": {"command": "true"}}]},
        {"toolCalls": [{"name": "finish", "arguments": {"success": True, "summary": "Done."}}]},
    ]
}
"""What the scripted model plays: two calls, so that the agent's own time is as short as it can be."""
MAIN: Final = "main"


async def overhead(count: int) -> dict[str, Any]:
    """Seconds (median, largest) of `count` AgentJobs and bare pods. The first of each warms up and does not count."""
    _install()
    async with Client(cluster_of(paths.KUBECONFIG)) as api:
        namespace = f"bench-{secrets.token_hex(3)}"
        await make_namespace(api, namespace)
        try:
            return await _Scene(api, namespace).run(count)
        finally:
            await api.request("DELETE", f"/api/v1/namespaces/{namespace}")


def _install() -> None:
    with console.step("the operator is installed on the local cluster"):
        try:
            install(Shell(Console(stderr=True, highlight=False), NAMESPACE))
        except DemoError as error:
            raise BenchError(str(error)) from error


class _Scene:
    """One namespace of the local cluster."""

    def __init__(self, api: Client, namespace: str) -> None:
        self._api, self._namespace, self._seen = api, namespace, Recorder()
        self._created: dict[str, float] = {}
        # Logs have the kubelet's clock, which is this machine's.
        self._offset = time.time() - time.monotonic()

    async def run(self, count: int) -> dict[str, Any]:
        watches: tuple[Watched, ...] = (
            (load.AGENTJOBS.format(self._namespace), {}, False, self._seen.agentjob),
            (load.PODS.format(self._namespace), load.ENDED_PODS, True, self._seen.ended_pod),
        )
        with console.step(f"{count} AgentJobs and {count} bare pods, one after the other"):
            async with watching(self._api, *watches):
                for number in range(count + 1):
                    await self._agentjob(f"job-{number}", number)
                    await self._bare(f"bare-{number}", number)
        rows = [await self._figures(number) for number in range(1, count + 1)]
        return {"count": count} | {name: _summary([row[name] for row in rows]) for name in rows[0]}

    async def _agentjob(self, name: str, number: int) -> None:
        manifest = load.agentjob(name)
        manifest["spec"] |= {"model": {"name": "inline"}, "task": f"{name}\n\n```script\n{json.dumps(SCRIPT)}\n```\n"}
        self._created[name] = time.monotonic()
        await self._api.request("POST", load.AGENTJOBS.format(self._namespace), manifest)
        await self._seen.until("terminal", number + 1, SECONDS)
        await self._seen.until("pod ended", 2 * number + 1, SECONDS)

    async def _bare(self, name: str, number: int) -> None:
        pod = await self._pod("job-0")
        agent = next(one for one in pod["spec"]["containers"] if one["name"] == Container.AGENT)
        self._created[name] = time.monotonic()
        await self._api.request("POST", load.JOBS.format(self._namespace), _bare_job(name, agent["image"]))
        await self._seen.until("pod ended", 2 * number + 2, SECONDS)

    async def _pod(self, name: str) -> dict[str, Any]:
        for pod in (await self._api.request("GET", load.PODS.format(self._namespace)))["items"]:
            meta = pod["metadata"]
            if name in (meta.get("annotations", {}).get(names.ANNOTATION_NAME), meta["labels"].get("job-name")):
                found: dict[str, Any] = pod
                return found
        raise BenchError(f"the pod of {name} is gone")

    async def _said(self, name: str, container: str) -> tuple[float, float]:
        """When the container wrote its first and its last line, on the harness's clock."""
        pod = (await self._pod(name))["metadata"]["name"]
        path = f"{load.PODS.format(self._namespace)}/{pod}/log?container={container}&timestamps=true"
        moments = [line.split(" ", 1)[0] for line in (await self._api.text(path)).splitlines()]
        if not moments:
            raise BenchError(f"the log of {container} in {pod} is empty")
        first, last = (datetime.fromisoformat(moments[index]).timestamp() - self._offset for index in (0, -1))
        return first, last

    async def _figures(self, number: int) -> dict[str, float]:
        name, bare = f"job-{number}", f"bare-{number}"
        began, ended = await self._said(name, Container.AGENT)
        said, _ = await self._said(bare, MAIN)
        created, terminal = self._created[name], self._seen.seen[name]["terminal"]
        if self._seen.phases != {"Succeeded": len(self._created) // 2}:
            raise BenchError(f"not all AgentJobs succeeded: {dict(self._seen.phases)}")
        whole = self._seen.seen[bare]["pod ended"] - self._created[bare]
        return {
            "createdToFirstEvent": began - created,
            "agentWorked": ended - began,
            "lastEventToTerminal": terminal - ended,
            "barePodCreatedToFirstLine": said - self._created[bare],
            "barePodCreatedToEnded": whole,
            "overhead": (terminal - created) - (ended - began) - whole,
        }


def _bare_job(name: str, image: str) -> dict[str, Any]:
    command = ["sh", "-c", "echo here"]
    security = container_security_context()
    containers = [{"name": MAIN, "image": image, "command": command, "securityContext": security}]
    pod = {"restartPolicy": "Never", "securityContext": pod_security_context(), "containers": containers}
    return load.plain_job(name, {"spec": pod})


def _summary(seconds: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)}
