"""How long a single AgentJob waits for the operator, at a steady rate."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from bench import load
from bench.load import Creator
from bench.measure.burst import SECONDS, SETTLE_SECONDS, whole_way
from bench.measure.spent import Meter
from bench.operatorrun import Operator
from bench.percentiles import milliseconds
from bench.plane import Plane, make_namespace
from bench.recorder import Recorder, watching

WARM_UP: Final = 5


async def at_rate(plane: Plane, operator: Operator, per_second: int, count: int) -> dict[str, Any]:
    """Milliseconds from AgentJob to Job and from the pod's end to the terminal status, as the harness's watches see them."""
    namespace = f"rate-{per_second}"
    await make_namespace(plane.api, namespace)
    seen = Recorder()
    creator = Creator(plane.api, plane.store, namespace)
    async with watching(plane.api, *whole_way(namespace, seen)):
        await load.at_rate(creator.agentjob, "warm-up", WARM_UP, per_second)
        await seen.until("terminal", WARM_UP, SECONDS)
        meter = Meter(plane, operator)
        await load.at_rate(creator.agentjob, "job", count, per_second)
        await seen.until("terminal", WARM_UP + count, SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
    return {
        "perSecond": per_second,
        "createdToJobMs": milliseconds(seen.spans("agentjob", "job", "job-")),
        "podEndedToTerminalMs": milliseconds(seen.spans("pod ended", "terminal", "job-")),
        **meter.read(count),
    }
