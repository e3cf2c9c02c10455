"""docs/performance.md from the results. Pure but for `machine`."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.budgets import rows

_HEAD: Final = """# Performance

Written by `make bench` (about 6 minutes; nothing else should run on the machine). Do not edit.

{machine}. Taken {date}. Compare the columns of one run, not runs: clocks on a shared virtual machine vary by a factor; counts do not.

| what | result | budget | met | best peer (Go), measured the same way |
|---|---|---|---|---|
"""
_HOW: Final = """
## How this was measured

- One control plane on loopback: etcd (without fsync), API server, controller manager, scheduler, all of Kubernetes {kubernetes}; MinIO;
  {nodes} nodes simulated by kwok, on which a Job's pod runs for one second. A burst gets a control plane of its own.
- Simulated: kubelet, containers, and the report that the courier leaves (the harness uploads the few bytes that it names). Real:
  everything that the operator does, with the rights of `manifests/install.yaml`, its look at the archive in MinIO included.
- AgentJobs have neither desktop nor notebook. Leader election is off. Finished AgentJobs beside the restart were written by the harness
  with the status of one that ran.
- Requests are counted in the API server's audit log, CPU and memory come from `/proc`, times from the harness's own watches (nearest-rank
  percentiles, {warm_up} objects of warm-up not counted). The harness shares the machine.

## Requests of the operator, by verb and resource

| request | per AgentJob ({count} at once) |
|---|---|
{requests}

CPU seconds of each process in the same burst: {cpu}. The whole machine used {busy} s, and {stolen} s were stolen by its hypervisor.
"""


def machine() -> str:
    """Processor, cores and kernel."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"


def stamp() -> dict[str, Any]:
    """What is written beside the results."""
    return {"machine": machine(), "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}


def markdown(results: dict[str, Any], *, kubernetes: str, nodes: int, warm_up: int) -> str:
    """The page."""
    lines = [
        f"| {row.what} | {row.result} | {row.budget} | {'yes' if row.met else '**no**'} | {row.peer} |"
        for row in rows(results)
    ]
    text = _HEAD.format(machine=results["machine"], date=results["date"]) + "\n".join(lines) + "\n"
    if "burst" not in results:
        return text
    burst = results["burst"]
    requests = "\n".join(f"| {what} | {n / burst['count']:.3f} |" for what, n in burst["requests"].items())
    return text + _HOW.format(
        kubernetes=kubernetes,
        nodes=nodes,
        warm_up=warm_up,
        count=burst["count"],
        requests=requests,
        cpu=", ".join(f"{name} {seconds}" for name, seconds in burst["cpuSeconds"].items()),
        busy=burst["machineCpuSeconds"],
        stolen=burst["stolenCpuSeconds"],
    )
