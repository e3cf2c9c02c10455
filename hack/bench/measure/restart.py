"""The operator starts beside thousands of finished AgentJobs."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

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


async def beside(plane: Plane, finished: int, sample: str) -> dict[str, Any]:
    """`sample`: path of a finished AgentJob, whose status the others are given. No operator runs when this is called."""
    await make_namespace(plane.api, NAMESPACE)
    await _fill(plane, finished, await plane.api.request("GET", sample))
    seen, log = Recorder(), AuditLog(plane.audit_log, plane.operator_user)
    creator = Creator(plane.api, plane.store, NAMESPACE)
    watches: tuple[Watched, ...] = (
        (load.AGENTJOBS.format(NAMESPACE), {}, False, seen.agentjob),
        (load.JOBS.format(NAMESPACE), {}, True, seen.child_job),
    )
    async with watching(plane.api, *watches):
        await creator.agentjob("new")
        log.skip()
        async with running_operator(plane) as operator:
            await seen.until("terminal", 1, SECONDS)
            await asyncio.sleep(QUIET_SECONDS)
            requests = log.requests()
            return {
                "finished": finished,
                "secondsFromStartToLeading": round(operator.leading - operator.started, 2),
                "secondsFromLeadingToJob": round(seen.last("job") - operator.leading, 3),
                "operatorPeakMB": round(operator.usage().peak_bytes / 1e6, 1),
                "operatorCpuSeconds": round(operator.usage().cpu_seconds, 2),
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
