"""What can be measured, one function each, on a control plane of its own, so that none pays for another's history."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cluster import console

from bench import archive
from bench.measure import burst, kubelet, latency, restart
from bench.operatorrun import running_operator
from bench.plane import simulated

RATES: Final = {2: 60, 10: 200}
"""AgentJobs a second to how many of them are measured."""
SMOKE_COUNT, SMOKE_NODES = 20, 3


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    burst: int
    """AgentJobs, and plain Jobs, at once."""
    finished: int
    """AgentJobs beside which the operator starts."""
    kubelet: int
    """AgentJobs, and bare pods, on a real kubelet, one after the other."""


Scene = Callable[[Path, Sizes], Coroutine[Any, Any, dict[str, Any]]]
"""Takes an empty folder; gives results by name."""


async def smoke(folder: Path) -> dict[str, Any]:
    """A burst so small that only its counts mean something."""
    async with simulated(folder, SMOKE_NODES) as plane, running_operator(plane) as operator:
        return {"burst": await burst.agentjobs(plane, operator, SMOKE_COUNT)}


async def _archive(folder: Path, _: Sizes) -> dict[str, Any]:
    with console.step("archives of a tree of 200 MB"):
        return {"archive": archive.figures(folder)}


async def _latency(folder: Path, _: Sizes) -> dict[str, Any]:
    rates = []
    async with simulated(folder) as plane, running_operator(plane) as operator:
        for rate, count in RATES.items():
            with console.step(f"{count} AgentJobs, {rate} a second"):
                rates.append(await latency.at_rate(plane, operator, rate, count))
    return {"latency": rates}


async def _burst(folder: Path, sizes: Sizes) -> dict[str, Any]:
    with console.step(f"{sizes.burst} plain Jobs at once"):
        async with simulated(folder / "floor") as plane:
            floor = await burst.plain_jobs(plane, sizes.burst)
    with console.step(f"{sizes.burst} AgentJobs at once"):
        async with simulated(folder / "burst") as plane, running_operator(plane) as operator:
            found, pods = await burst.agentjobs(plane, operator, sizes.burst), await burst.template_of_agentjobs(plane)
    with console.step(f"{sizes.burst} plain Jobs with the same pods at once"):
        async with simulated(folder / "same") as plane:
            same = await burst.plain_jobs(plane, sizes.burst, pods)
    return {"floor": floor, "burst": found, "samePods": same}


async def _restart(folder: Path, sizes: Sizes) -> dict[str, Any]:
    async with simulated(folder) as plane:
        return {"restart": await restart.beside(plane, sizes.finished)}


async def _kubelet(_: Path, sizes: Sizes) -> dict[str, Any]:
    return {"kubelet": await kubelet.overhead(sizes.kubelet)}


SIMULATED: Final[dict[str, Scene]] = {
    "archive": _archive,
    "latency": _latency,
    "burst": _burst,
    "restart": _restart,
}
SCENES: Final[dict[str, Scene]] = {**SIMULATED, "kubelet": _kubelet}
"""`kubelet` needs the local cluster (`make cluster-up images`)."""
