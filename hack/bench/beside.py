"""What desktop and notebook cost: `make bench-desktop` (or `python -m bench.beside --namespace NS --model NAME`).

AgentJobs with and without both, one after the other in turn, in a namespace where AgentJobs can run (`make demo` leaves one): seconds
from `kubectl apply` to the agent's first event, medians and their difference; then the memory of both while nobody looks. A ratio or a
difference of one run says something on a shared machine; a single figure does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / ".cluster"
LIMIT_SECONDS = 1.5
"""How much later the first event may come with both (the budget)."""
MEMORY_LIMITS = {"desktop": 200, "notebook": 150}
"""MB, idle."""
GIVE_UP_SECONDS = 180.0
IDLE_SECONDS = 20.0
_MEMORY = "cat /sys/fs/cgroup/memory.current; grep -w inactive_file /sys/fs/cgroup/memory.stat"


def kubectl(namespace: str, *words: str, stdin: str = "") -> str:
    """What kubectl prints. Raises `subprocess.CalledProcessError`."""
    command = [str(CLUSTER / "bin/kubectl"), f"--kubeconfig={CLUSTER / 'kubeconfig'}", "-n", namespace, *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def manifest(name: str, model: str, *, beside: bool) -> str:
    """An AgentJob that ends by itself, or (`beside`) with desktop and notebook."""
    spec: dict[str, Any] = {"task": "Say hello.", "model": {"name": model}, "lingerSeconds": 600 if beside else 0}
    spec |= {part: {"enabled": beside} for part in ("desktop", "notebook")}
    return json.dumps(
        {"apiVersion": "agentjob.io/v1alpha1", "kind": "AgentJob", "metadata": {"name": name}, "spec": spec}
    )


def wait_for(found: Callable[[], Any]) -> Any:
    """What `found` gives, once it gives something. Raises `TimeoutError`."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        if (value := found()) is not None:
            return value
        time.sleep(0.2)
    raise TimeoutError(f"not within {GIVE_UP_SECONDS:.0f} s")


def finished(namespace: str, name: str) -> dict[str, Any] | None:
    """`status` of an AgentJob at its end."""
    status: dict[str, Any] = json.loads(kubectl(namespace, "get", "agj", name, "-o", "json")).get("status", {})
    return status if status.get("completionTime") else None


def first_event(namespace: str, pod: str) -> float:
    """When the agent wrote its first event, in seconds since the epoch."""
    lines = kubectl(namespace, "logs", pod, "-c", "agent").splitlines()
    event = next(json.loads(line) for line in lines if line.startswith('{"seq"'))
    return datetime.fromisoformat(event["time"]).timestamp()


def run_once(namespace: str, name: str, model: str, *, beside: bool) -> float:
    """Seconds from `kubectl apply` to the first event."""
    began = time.time()
    kubectl(namespace, "apply", "-f", "-", stdin=manifest(name, model, beside=beside))
    status = wait_for(lambda: finished(namespace, name))
    return first_event(namespace, status["podName"]) - began


def memory(namespace: str, pod: str) -> dict[str, float]:
    """MB that each container's kernel accounts for without what it could drop at once (as the kubelet counts)."""
    used = {}
    for container in MEMORY_LIMITS:
        current, cached = kubectl(namespace, "exec", pod, "-c", container, "--", "sh", "-c", _MEMORY).split("\n")[:2]
        used[container] = (int(current) - int(cached.split()[1])) / 1e6
    return used


def main() -> int:
    """Prints the figures; exit code 1 when one is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespace", default="agentjob-demo")
    parser.add_argument("--model", default="echo", help="a script's name: a job that ends at once")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seconds: dict[bool, list[float]] = {False: [], True: []}
    used: dict[str, float] = {}
    for number in range(options.rounds):
        for beside in (False, True):
            name = f"bench-{number}-{'both' if beside else 'none'}"
            kubectl(options.namespace, "delete", "agj", name, "--ignore-not-found", "--wait")
            seconds[beside].append(run_once(options.namespace, name, options.model, beside=beside))
            if beside and number == options.rounds - 1:
                time.sleep(IDLE_SECONDS)
                pod = json.loads(kubectl(options.namespace, "get", "agj", name, "-o", "json"))["status"]["podName"]
                used = memory(options.namespace, pod)
            kubectl(options.namespace, "delete", "agj", name, "--wait")
    return report(seconds, used)


def report(seconds: dict[bool, list[float]], used: dict[str, float]) -> int:
    """Prints what was measured beside its budget; 1 when something is over it."""
    medians = {beside: statistics.median(values) for beside, values in seconds.items()}
    later = medians[True] - medians[False]
    for beside, values in seconds.items():
        print(f"{'with both' if beside else 'without':10} {medians[beside]:6.2f} s  of {[round(v, 2) for v in values]}")
    print(f"first event later by {later:.2f} s (budget {LIMIT_SECONDS} s)")
    for container, megabytes in used.items():
        print(f"{container:10} {megabytes:6.0f} MB idle (budget {MEMORY_LIMITS[container]} MB)")
    over = [name for name, megabytes in used.items() if megabytes > MEMORY_LIMITS[name]]
    return 1 if over or later > LIMIT_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
