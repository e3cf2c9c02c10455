"""Results beside the budgets of DESIGN §6 and what the best peer reached, measured the same way. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

RESTART_JOB_SECONDS, PEAK_MB, BURST_RATIO, CPU_MS, WRITES = 0.5, 120, 1.2, 3, 4
JOB_P50, JOB_P99, END_P50, END_P99 = 5, 12, 5, 20
OVERHEAD_SECONDS: Final = 3
ARCHIVE_MBPS: Final = {"Zip": 250, "TarZstd": 500}


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, what is promised, what the best peer has."""

    what: str
    result: str
    budget: str
    met: bool
    peer: str


def rows(results: dict[str, Any]) -> list[Row]:
    """Of what was measured; a scenario that did not run gives none."""
    return [
        *_burst(results.get("burst"), results.get("floor")),
        *(row for rate in results.get("latency", ()) for row in _latency(rate)),
        *_restart(results.get("restart")),
        *(_archive(one) for one in results.get("archive", ())),
        *_kubelet(results.get("kubelet")),
    ]


def _burst(burst: dict[str, Any] | None, floor: dict[str, Any] | None) -> Iterator[Row]:
    if burst is None:
        return
    count, writes, cpu = burst["count"], burst["writesPerAgentJob"], burst["operatorCpuMsPerAgentJob"]
    yield Row("API writes per AgentJob", f"{writes:.2f}", f"≤ {WRITES}", writes <= WRITES, "9.7")
    yield Row("Operator CPU per AgentJob, burst", f"{cpu} ms", f"≤ {CPU_MS} ms", cpu <= CPU_MS, "12 ms")
    peak = burst["operatorPeakMB"]
    yield Row(f"Operator RSS, peak, {count} at once", f"{peak} MB", f"≤ {PEAK_MB} MB", peak <= PEAK_MB, "131 MB")
    if floor is not None and floor["count"] == count:
        seconds, plain = burst["secondsToAllTerminal"], floor["secondsToAllTerminal"]
        result = f"{seconds / plain:.2f}x ({seconds} s, {plain} s)"
        met = seconds <= BURST_RATIO * plain
        yield Row(f"{count} at once to all terminal, against plain Jobs", result, f"≤ {BURST_RATIO}x", met, "2.4x")


def _latency(rate: dict[str, Any]) -> Iterator[Row]:
    peers = {2: ("8.5 / 15 ms", "1,010 / 1,047 ms"), 10: ("6.3 / 16 ms", "1,010 / 1,047 ms")}
    chosen = (
        ("AgentJob created → Job created", rate["createdToJobMs"], JOB_P50, JOB_P99),
        ("pod ended → terminal status", rate["podEndedToTerminalMs"], END_P50, END_P99),
    )
    for (what, figures, p50, p99), peer in zip(chosen, peers[rate["perSecond"]], strict=True):
        met = figures["p50"] <= p50 and figures["p99"] <= p99
        result = f"{figures['p50']} / {figures['p99']} ms (n = {figures['count']})"
        yield Row(f"{what}, {rate['perSecond']}/s, p50 / p99", result, f"≤ {p50} / {p99} ms", met, peer)


def _restart(restart: dict[str, Any] | None) -> Iterator[Row]:
    if restart is None:
        return
    beside, job, peak = restart["finished"], restart["secondsFromLeadingToJob"], restart["operatorPeakMB"]
    idle = restart["writes"] - WRITES
    yield Row(
        f"Restart beside {beside} finished: leading → Job of a new one",
        f"{job} s",
        f"≤ {RESTART_JOB_SECONDS} s",
        job <= RESTART_JOB_SECONDS,
        "28.9 s beside 3,000",
    )
    yield Row("… RSS, peak", f"{peak} MB", f"≤ {PEAK_MB} MB", peak <= PEAK_MB, "206 MB beside 3,000")
    yield Row("… writes for the finished ones", str(idle), "0", idle == 0, "-")


def _archive(one: dict[str, Any]) -> Row:
    kind, speed = one["format"], one["MBps"]
    budget = ARCHIVE_MBPS[kind]
    return Row(f"Archive, 200 MB tree, {kind}", f"{speed} MB/s", f"≥ {budget} MB/s", speed >= budget, "-")


def _kubelet(kubelet: dict[str, Any] | None) -> Iterator[Row]:
    if kubelet is None:
        return
    overhead = kubelet["overhead"]["median"]
    result = f"{overhead} s (median of {kubelet['count']})"
    met = overhead <= OVERHEAD_SECONDS
    yield Row("An AgentJob beside a bare pod of its image, real kubelet", result, f"≤ {OVERHEAD_SECONDS} s", met, "-")
