"""Many AgentJobs at once, and as many plain Jobs without an operator: the floor."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any, Final

from agentjob_api import names

from bench import load
from bench.flowcontrol import fairness
from bench.load import Creator
from bench.measure.spent import Meter
from bench.operatorrun import Operator
from bench.plane import Plane, make_namespace
from bench.recorder import Recorder, Watched, watching

SECONDS: Final = 900.0
SETTLE_SECONDS: Final = 2.0
"""Until the last status is in the audit log."""
_NOT_COPIED: Final = frozenset(
    {
        *("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"),
        names.ANNOTATION_NAME,
    }
)
"""What names another Job or AgentJob."""


def whole_way(namespace: str, seen: Recorder) -> tuple[Watched, ...]:
    """What tells `seen` of an AgentJob's creation, its Job, its pod's end and its terminal status."""
    return (
        (load.AGENTJOBS.format(namespace), {}, False, seen.agentjob),
        (load.JOBS.format(namespace), {}, True, seen.child_job),
        (load.PODS.format(namespace), load.ENDED_PODS, True, seen.ended_pod),
    )


async def agentjobs(plane: Plane, operator: Operator, count: int, namespace: str = "burst") -> dict[str, Any]:
    """Seconds from the first request to all Jobs and to all AgentJobs terminal, and what it cost."""
    await make_namespace(plane.api, namespace)
    seen = Recorder()
    creator = Creator(plane.api, plane.store, namespace)
    async with watching(plane.api, *whole_way(namespace, seen)):
        meter, begun = Meter(plane, operator), time.monotonic()
        await load.at_once(creator.agentjob, "job", count)
        created = time.monotonic()
        await seen.until("terminal", count, SECONDS)
        await seen.until("job", count, SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
    return {
        "count": count,
        "secondsToCreate": round(created - begun, 2),
        "secondsToAllJobs": round(seen.last("job") - begun, 2),
        "secondsToAllTerminal": round(seen.last("terminal") - begun, 2),
        "phases": dict(seen.phases),
        "fairness": fairness(await plane.api.text("/metrics")),
        **meter.read(count),
    }


async def template_of_agentjobs(plane: Plane, namespace: str = "burst") -> dict[str, Any]:
    """The pods of the AgentJobs that ran, as a plain Job can have them."""
    found = (await plane.api.request("GET", f"{load.JOBS.format(namespace)}?limit=1"))["items"][0]["spec"]["template"]
    meta = {
        kind: {name: value for name, value in found["metadata"][kind].items() if name not in _NOT_COPIED}
        for kind in ("labels", "annotations")
    }
    return {"metadata": meta, "spec": found["spec"]}


async def plain_jobs(
    plane: Plane, count: int, template: dict[str, Any] = load.SMALLEST_POD, namespace: str = "floor"
) -> dict[str, Any]:
    """Seconds from the first request to all pods ended and all Jobs complete."""
    await make_namespace(plane.api, namespace)
    seen = Recorder()
    creator = Creator(plane.api, plane.store, namespace)
    watches: tuple[Watched, ...] = (
        (load.JOBS.format(namespace), {}, False, seen.plain_job),
        (load.PODS.format(namespace), load.ENDED_PODS, True, seen.ended_pod),
    )
    async with watching(plane.api, *watches):
        meter, begun = Meter(plane), time.monotonic()
        await load.at_once(partial(creator.plain_job, template=template), "job", count)
        await seen.until("terminal", count, SECONDS)
        await seen.until("pod ended", count, SECONDS)
    return {
        "count": count,
        "secondsToAllPodsEnded": round(seen.last("pod ended") - begun, 2),
        "secondsToAllTerminal": round(seen.last("terminal") - begun, 2),
        **meter.read(count),
    }
