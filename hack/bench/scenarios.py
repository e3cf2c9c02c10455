"""Which measurement runs on which control plane: a burst gets a fresh one, so that none pays for another's history."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cluster import console

from bench import archive, load
from bench.measure import burst, latency, restart
from bench.operatorrun import running_operator
from bench.plane import simulated

ALL: Final = ("archive", "latency", "floor", "burst")
RATES: Final = {2: 60, 10: 200}
"""AgentJobs a second to how many of them are measured."""
SMOKE_COUNT, SMOKE_NODES = 20, 3


async def smoke(folder: Path) -> dict[str, Any]:
    """A burst so small that only its counts mean something."""
    async with simulated(folder, SMOKE_NODES) as plane, running_operator(plane) as operator:
        return await burst.agentjobs(plane, operator, SMOKE_COUNT)


async def run(chosen: tuple[str, ...], folder: Path, *, count: int, finished: int) -> dict[str, Any]:
    """Results by scenario."""
    results: dict[str, Any] = {}
    if "archive" in chosen:
        with console.step("archives of a tree of 200 MB"):
            results["archive"] = archive.figures(folder)
    if "latency" in chosen:
        results["latency"] = await _latency(folder / "latency")
    if "floor" in chosen:
        results["floor"] = await _floor(folder / "floor", count)
    if "burst" in chosen:
        results |= await _burst_and_restart(folder / "burst", count, finished)
    return results


async def _latency(folder: Path) -> list[dict[str, Any]]:
    with console.step("latency at a steady rate"):
        async with simulated(folder) as plane, running_operator(plane) as operator:
            return [await latency.at_rate(plane, operator, rate, count) for rate, count in RATES.items()]


async def _floor(folder: Path, count: int) -> dict[str, Any]:
    with console.step(f"{count} plain Jobs at once"):
        async with simulated(folder) as plane:
            return await burst.plain_jobs(plane, count)


async def _burst_and_restart(folder: Path, count: int, finished: int) -> dict[str, Any]:
    async with simulated(folder) as plane:
        with console.step(f"{count} AgentJobs at once"):
            async with running_operator(plane) as operator:
                many = await burst.agentjobs(plane, operator, count)
        with console.step(f"a restart beside {finished} finished AgentJobs"):
            sample = f"{load.AGENTJOBS.format('burst')}/job-0"
            return {"burst": many, "restart": await restart.beside(plane, finished, sample)}
