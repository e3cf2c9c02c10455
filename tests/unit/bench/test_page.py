"""The page of `make bench`: what a full run takes an hour to find wrong, found in a moment."""

from typing import Any

from bench import report
from bench.flowcontrol import fairness

SPAN = {"p50": 4.0, "p99": 9.0, "max": 10.0, "count": 60}
COST = {"operatorCpuMsPerAgentJob": 2.5, "writesPerAgentJob": 4.0, "readsPerAgentJob": 0.1, "operatorPeakMB": 80.0}
AROUND = {"date": "2026-01-01 00:00 UTC", "seconds": 60.0, "loadAverageBefore": 0.1, "processorsStolen": 0.0}


def _results(*, others: float) -> dict[str, Any]:
    floor = {"count": 10, "cpuSeconds": {"etcd": 1.0}, "secondsToAllTerminal": 2.0, "machineCpuSeconds": 3.0}
    burst = {
        **floor,
        **COST,
        "secondsToAllTerminal": 3.0,
        "requests": {"create jobs": 10},
        "refused": {},
        "fairness": {"priorityLevel": "workload-low", "dispatched": 50, "rejected": 0, "meanWaitMs": 0.1},
    }
    rate = {"perSecond": 2, "createdToJobMs": SPAN, "podEndedToTerminalMs": SPAN, "answersMs": {}, **COST}
    restart = {"finished": 10_000, "secondsFromLeadingToJob": 0.2, "operatorPeakMB": 80.0, "writes": 4, "requests": {}}
    kubelet = {"count": 5, "overhead": {"median": 2.0, "max": 2.5}}
    scenes = {scene: {**AROUND, "processorsUsedByOthers": others} for scene in ("latency", "burst")}
    return {
        "machine": "2 x processor",
        "scenes": scenes,
        "floor": floor,
        "burst": burst,
        "samePods": {**floor, "secondsToAllTerminal": 2.4},
        "latency": [rate],
        "restart": restart,
        "kubelet": kubelet,
        "archive": [],
    }


def _page(results: dict[str, Any]) -> str:
    return report.markdown(results, kubernetes="v1.35.0", nodes=100, warm_up=5)


def test_each_budget_says_whether_it_is_met() -> None:
    """Four writes are allowed, 1.5 times the floor is not."""
    lines = _page(_results(others=0.0)).splitlines()
    writes = next(line for line in lines if line.startswith("| API writes per AgentJob"))
    floor = next(line for line in lines if "against plain Jobs" in line)
    assert "| yes |" in writes
    assert "1.50x (3.0 s, 2.0 s)" in floor
    assert "| **no** |" in floor
    assert "Against plain Jobs whose pods are those of the AgentJobs: 1.25x." in lines


def test_a_page_of_a_part_of_the_scenes_can_be_made() -> None:
    """A run that was interrupted has written what it had."""
    results = _results(others=0.0)
    part = {"machine": results["machine"], "scenes": {}, "latency": results["latency"]}
    assert "At a steady rate" in _page(part)


def test_a_page_taken_on_a_busy_machine_says_so() -> None:
    """Whoever reads the figures must not have to guess what else ran."""
    assert "The machine was not quiet" in _page(_results(others=1.2))
    assert "The machine was quiet" in _page(_results(others=0.1))


def test_fairness_is_that_of_the_operators_flow_schema() -> None:
    """Other flows of the same metric do not count."""
    wait = "apiserver_flowcontrol_request_wait_duration_seconds"
    own = '{execute="true",flow_schema="service-accounts",priority_level="workload-low"}'
    metrics = f"""# HELP {wait} x
{wait}_bucket{own[:-1]},le="0.1"}} 4
{wait}_sum{own} 0.2
{wait}_count{own} 4
apiserver_flowcontrol_dispatched_requests_total{own} 4
apiserver_flowcontrol_dispatched_requests_total{{flow_schema="exempt",priority_level="exempt"}} 900
"""
    found = fairness(metrics)
    assert found == {"priorityLevel": "workload-low", "dispatched": 4, "rejected": 0, "meanWaitMs": 50.0}
