"""`python -m bench.beside`: see `make bench-desktop`. A difference within one run says something on a shared machine; a single figure does not."""

from __future__ import annotations

import argparse
import sys
import time

from cluster import console
from demo.install import NAMESPACE, install
from demo.shell import DemoError, Shell
from rich.console import Console

from bench.beside import jobs, memory, report
from bench.errors import BenchError

IDLE_SECONDS = 30.0
"""What a start needed has been given back by then."""


def main() -> int:
    """Prints the figures; 1 when one could not be taken or is over its budget."""
    options = _parser().parse_args()
    try:
        if options.install:
            install(Shell(Console(highlight=False), NAMESPACE))
        tenant = jobs.Tenant(options.namespace, options.model)
        seconds = _times(tenant, options.rounds)
        used = _memory(tenant, verbose=options.verbose)
    except (BenchError, DemoError) as error:
        console.complain(str(error))
        return 1
    print("\n".join(report.lines(seconds, used)))
    too_much = report.over(seconds, used)
    if too_much:
        console.complain(f"over budget: {', '.join(too_much)}")
    return 1 if too_much else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("--install", action="store_true", help="install the demo's release first")
    parser.add_argument("--namespace", default=NAMESPACE)
    parser.add_argument("--model", default="echo", help="a script's name: a job that ends at once")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--verbose", action="store_true", help="also which processes have the memory")
    return parser


def _times(tenant: jobs.Tenant, rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {kind: [] for kind in jobs.KINDS}
    # The first round of each finds nothing in the page cache.
    for number in range(rounds + 1):
        with console.step(f"round {number} of {rounds}" if number else "a round that does not count"):
            for kind in jobs.KINDS:
                name = f"bench-{kind}"
                tenant.remove(name)
                took, _ = jobs.seconds_to_first_event(tenant, name, kind)
                tenant.remove(name)
                if number:
                    seconds[kind].append(took)
    return seconds


def _memory(tenant: jobs.Tenant, *, verbose: bool) -> dict[str, float]:
    name = "bench-idle"
    tenant.remove(name)
    _, pod = jobs.seconds_to_first_event(tenant, name, "both", lingers=True)
    with console.step("an idle desktop and notebook"):
        time.sleep(IDLE_SECONDS)
    used = {container: memory.megabytes(tenant, pod, container) for container in report.MEGABYTES}
    if verbose:
        for container in used:
            print(f"{container}:\n{memory.processes(tenant, pod, container)}")
    tenant.remove(name)
    return used


if __name__ == "__main__":
    sys.exit(main())
