"""`python -m bench smoke|run`: see `make bench`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from cluster import console, prerequisites
from cluster.errors import ClusterError
from cluster.toolset import KUBERNETES_VERSION

from bench import report, scenarios
from bench.client import Refused
from bench.errors import BenchError
from bench.measure.latency import WARM_UP
from bench.plane import NODES


def main(arguments: list[str]) -> int:
    """Prints the results; 1 when a figure could not be taken."""
    prerequisites.extend_path()
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="agentjob-bench-") as folder:
            results = asyncio.run(_run(options, Path(folder)))
    except (BenchError, ClusterError, Refused) as error:
        console.complain(str(error))
        return 1
    text = json.dumps(results, indent=2) + "\n"
    if options.out is not None:
        options.out.write_text(text)
    if options.page is not None:
        options.page.write_text(_page(results))
    print(_page(results) if options.what == "all" else text, end="")
    return 0


def _page(results: dict[str, Any]) -> str:
    return report.markdown(results, kubernetes=KUBERNETES_VERSION, nodes=NODES, warm_up=WARM_UP)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", choices=("smoke", *scenarios.ALL, "all"))
    parser.add_argument("--count", type=int, default=1000, help="AgentJobs at once")
    parser.add_argument("--finished", type=int, default=10_000, help="finished AgentJobs beside a restart")
    parser.add_argument("--out", type=Path, help="write the results here, too (JSON)")
    parser.add_argument("--page", type=Path, help="write the page here (Markdown)")
    return parser


async def _run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if options.what == "smoke":
        return {"burst": await scenarios.smoke(folder)}
    chosen = scenarios.ALL if options.what == "all" else (options.what,)
    results = await scenarios.run(chosen, folder, count=options.count, finished=options.finished)
    return report.stamp() | results


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
