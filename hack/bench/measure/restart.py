"""The operator starts beside thousands of finished AgentJobs."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from cluster import console

from bench import load
from bench.auditlog import AuditLog, by_verb_and_resource, writes
from bench.client import MERGE_PATCH
from bench.load import Creator
from bench.measure.burst import SECONDS
from bench.operatorrun import running_operator
from bench.plane import Plane, make_namespace
from bench.recorder import Recorder, Watched, watching

QUIET_SECONDS: Final = 10.0
NAMESPACE: Final = "restart"
SAMPLE, NEW = "sample", "new"


async def beside(plane: Plane, finished: int) -> dict[str, Any]:
    """One AgentJob runs; its status is given to `finished` others; then the operator starts anew, with one more to do."""
    await make_namespace(plane.api, NAMESPACE)
    sample = await _run_one(plane)
    with console.step(f"{finished} finished AgentJobs are made"):
        await _fill(plane, finished, sample)
    with console.step("the operator starts beside them"):
        return {"finished": finished, **await _restarted(plane)}


async def _run_one(plane: Plane) -> dict[str, Any]:
    """A finished AgentJob. The namespace has its NetworkPolicies then, too."""
    seen = Recorder()
    async with (
        watching(plane.api, (load.AGENTJOBS.format(NAMESPACE), {}, False, seen.agentjob)),
        running_operator(plane),
    ):
        await Creator(plane.api, plane.store, NAMESPACE).agentjob(SAMPLE)
        await seen.until("terminal", 1, SECONDS)
    found: dict[str, Any] = await plane.api.request("GET", f"{load.AGENTJOBS.format(NAMESPACE)}/{SAMPLE}")
    return found


async def _restarted(plane: Plane) -> dict[str, Any]:
    seen, log = Recorder(), AuditLog(plane.audit_log, plane.operator_user)
    watches: tuple[Watched, ...] = (
        (load.AGENTJOBS.format(NAMESPACE), {"fieldSelector": f"metadata.name={NEW}"}, False, seen.agentjob),
        (load.JOBS.format(NAMESPACE), {}, True, seen.child_job),
    )
    async with watching(plane.api, *watches):
        await Creator(plane.api, plane.store, NAMESPACE).agentjob(NEW)
        log.skip()
        async with running_operator(plane) as operator:
            await seen.until("terminal", 1, SECONDS)
            await asyncio.sleep(QUIET_SECONDS)
            requests, used = log.requests(), operator.usage()
            return {
                "secondsFromStartToLeading": round(operator.leading - operator.started, 2),
                "secondsFromLeadingToJob": round(seen.seen[NEW]["job"] - operator.leading, 3),
                "operatorPeakMB": round(used.peak_bytes / 1e6, 1),
                "operatorCpuSeconds": round(used.cpu_seconds, 2),
                "writes": writes(requests),
                "requests": by_verb_and_resource(requests),
            }


async def _fill(plane: Plane, count: int, sample: dict[str, Any]) -> None:
    path, meta = load.AGENTJOBS.format(NAMESPACE), sample["metadata"]
    text = orjson.dumps({"status": sample["status"]}).decode()
    free = asyncio.Semaphore(32)

    async def fill(number: int) -> None:
        name = f"finished-{number}"
        async with free:
            made = await plane.api.request("POST", path, load.agentjob(name))
            own = text.replace(meta["uid"], made["metadata"]["uid"])
            own = own.replace(f"{meta['namespace']}/{meta['name']}/", f"{NAMESPACE}/{name}/")
            await plane.api.request("PATCH", f"{path}/{name}/status", orjson.loads(own), MERGE_PATCH)

    await asyncio.gather(*(fill(number) for number in range(count)))
