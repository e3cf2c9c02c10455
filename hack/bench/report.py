"""docs/performance.md from the results. Pure but for `machine` and the file `why.md`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from bench.budgets import rows

WHY: Final = Path(__file__).with_name("why.md")
"""What no measurement writes by itself: why a budget is missed, by a profile."""
_QUIET_PROCESSORS: Final = 0.3
"""Used by others, on average: up to this a scene counts as taken on a quiet machine."""

_HEAD: Final = """# Performance

Written by `make bench`. Do not edit: the text between the tables is in `hack/bench`.

Taken on {machine}, one machine for everything, the harness included. Compare the columns of one run, not runs: clocks on a
shared virtual machine vary by a factor; counts do not. {load}

"""
_HOW: Final = """
- Simulated nodes: one control plane on loopback: etcd (without fsync), API server, controller manager, scheduler, all of Kubernetes
  {kubernetes}; MinIO; {nodes} nodes played by kwok, on which a Job's pod runs for one second. Each scene gets a control plane of its own.
- Played: kubelet, containers, and the report that the courier leaves (the harness uploads the few bytes that it names). Real:
  everything that the operator does, with the rights of `manifests/install.yaml`, its look at the archive in MinIO included.
- AgentJobs have neither desktop nor notebook. Leader election is off. Finished AgentJobs beside the restart were written by the harness
  with the status of one that ran.
- Requests are counted in the API server's audit log, CPU and memory come from `/proc`, times from the harness's own watches
  (nearest-rank percentiles, {warm_up} objects of warm-up not counted).
- Plain Jobs are the floor: as many Jobs with one container of the same length, nothing else, before the AgentJobs in the same run.
  "With the same pods": with the pod template that the operator makes, after them.
- Real kubelet: the local cluster of `make cluster-up`, AgentJobs whose model answers from a script, and bare pods of the agent's image,
  in turns. What the agent itself worked is taken off.
"""


def machine() -> str:
    """Processor, cores and kernel."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"


def markdown(results: dict[str, Any], *, kubernetes: str, nodes: int, warm_up: int) -> str:
    """The page."""
    parts = [
        _HEAD.format(machine=results["machine"], load=_load(results["scenes"])) + _budgets(results),
        "## What ran beside it\n\n" + _scenes(results["scenes"]),
        *_details(results),
        "## How this was measured\n" + _HOW.format(kubernetes=kubernetes, nodes=nodes, warm_up=warm_up),
        WHY.read_text(),
    ]
    return "\n".join(parts)


def _load(scenes: dict[str, Any]) -> str:
    busy = {name: one["processorsUsedByOthers"] for name, one in scenes.items() if name != "kubelet"}
    loud = [name for name, used in busy.items() if used > _QUIET_PROCESSORS]
    if not loud:
        return "The machine was quiet."
    worst = max(busy[name] for name in loud)
    text = f"**The machine was not quiet** in {', '.join(loud)}: others used up to {worst} of its {os.cpu_count()} processors."
    return f"{text} Times, and CPU to a lesser degree, are too high by that; counts are exact."


def _table(head: tuple[str, ...], lines: Iterable[Iterable[object]]) -> str:
    every = [head, ("---",) * len(head), *lines]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in every)


def _budgets(results: dict[str, Any]) -> str:
    head = ("what", "result", "budget", "met", "best peer (Go), measured the same way")
    return _table(head, ((r.what, r.result, r.budget, "yes" if r.met else "**no**", r.peer) for r in rows(results)))


def _scenes(scenes: dict[str, Any]) -> str:
    head = ("scene", "taken", "seconds", "load average before", "processors used by others", "stolen by the hypervisor")
    names = ("date", "seconds", "loadAverageBefore", "processorsUsedByOthers", "processorsStolen")
    return _table(head, ((scene, *(one[name] for name in names)) for scene, one in scenes.items()))


def _details(results: dict[str, Any]) -> Iterator[str]:
    if "burst" in results:
        yield f"## {results['burst']['count']} at once\n\n" + _burst(
            results["burst"], results["floor"], results["samePods"]
        )
    if "latency" in results:
        yield "## At a steady rate\n\n" + "".join(map(_rate, results["latency"]))
    if "restart" in results:
        yield f"## The operator starts beside {results['restart']['finished']} finished ones\n\n" + _plain(
            results["restart"]
        )
    if "archive" in results:
        head = ("format", "threads", "MB", "files", "seconds", "MB/s", "ratio")
        yield "## Archives\n\n" + _table(head, (one.values() for one in results["archive"]))
    if "kubelet" in results:
        figures = {name: one for name, one in results["kubelet"].items() if name != "count"}
        lines = ((_words(name), one["median"], one["max"]) for name, one in figures.items())
        yield "## On a real kubelet\n\n" + _table(("seconds", "median", "largest"), lines)


def _burst(burst: dict[str, Any], floor: dict[str, Any], same: dict[str, Any]) -> str:
    times = (
        "secondsToCreate",
        "secondsToAllJobs",
        "secondsToAllPodsEnded",
        "secondsToAllTerminal",
        "machineCpuSeconds",
    )
    columns = (burst, same, floor)
    heads = ("AgentJobs", "plain Jobs with the same pods", "plain Jobs")
    text = _table(("", *heads), ((_words(t), *(one.get(t, "") for one in columns)) for t in times))
    processes = burst["cpuSeconds"]
    cpu = ((name, *(one["cpuSeconds"].get(name, "") for one in columns)) for name in processes)
    text += "\n" + _table(("CPU seconds of", *heads), cpu)
    ratio = burst["secondsToAllTerminal"] / same["secondsToAllTerminal"]
    text += f"\nAgainst plain Jobs whose pods are those of the AgentJobs: {ratio:.2f}x.\n"
    requests = ((what, f"{n / burst['count']:.3f}") for what, n in burst["requests"].items())
    text += "\n" + _table(("the operator's requests", "per AgentJob"), requests)
    refused = ", ".join(f"{code}: {n}" for code, n in burst["refused"].items()) or "none"
    fair = burst["fairness"]
    return (
        f"{text}\n{burst['writesPerAgentJob']} writes and {burst['readsPerAgentJob']} reads per AgentJob; refused: {refused}. Priority "
        f"and fairness of the API server ({fair['priorityLevel']}): {fair['dispatched']} of its requests dispatched, {fair['rejected']} "
        f"rejected, {fair['meanWaitMs']} ms waited on average.\n"
    )


def _rate(rate: dict[str, Any]) -> str:
    cpu, writes, reads = rate["operatorCpuMsPerAgentJob"], rate["writesPerAgentJob"], rate["readsPerAgentJob"]
    spans = {"created → Job": rate["createdToJobMs"], "pod ended → terminal status": rate["podEndedToTerminalMs"]}
    spans |= {f"the API server's own time for `{what}`": one for what, one in rate["answersMs"].items()}
    lines = ((what, one["p50"], one["p99"], one["max"], one["count"]) for what, one in spans.items())
    text = _table((f"ms, {rate['perSecond']} a second", "p50", "p99", "largest", "n"), lines)
    return f"{text}\nOperator: {cpu} ms of CPU, {writes} writes and {reads} reads per AgentJob.\n\n"


def _plain(figures: dict[str, Any]) -> str:
    text = _table(("", ""), ((_words(name), one) for name, one in figures.items() if name != "requests"))
    return text + "\n" + _table(("request", "number"), figures["requests"].items())


def _words(name: str) -> str:
    """`secondsToAllJobs`: seconds to all jobs."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).replace("m b", "MB")
