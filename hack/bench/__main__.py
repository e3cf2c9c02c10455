"""`python -m bench SCENE…`: see `make bench`. A scene's results take the place of its earlier ones; the others' are kept."""

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
from bench.scenarios import SCENES, SIMULATED, Sizes
from bench.surroundings import Surroundings


def main(arguments: list[str]) -> int:
    """Measures, and writes results and page after each scene; 1 when a figure could not be taken."""
    prerequisites.extend_path()
    options = _parser().parse_args(arguments)
    results = json.loads(options.out.read_text()) if options.out is not None and options.out.exists() else {}
    try:
        for scene in _chosen(options, results):
            results |= _measure(scene, options)
            _write(results, options)
    except (BenchError, ClusterError, Refused) as error:
        console.complain(str(error))
        return 1
    print(json.dumps(results, indent=2) if options.page is None else _page(results), end="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scene", nargs="+", choices=("smoke", "simulated", *SCENES))
    parser.add_argument("--burst", type=int, default=1000, help="AgentJobs at once")
    parser.add_argument("--finished", type=int, default=10_000, help="finished AgentJobs beside a restart")
    parser.add_argument("--kubelet", type=int, default=5, help="AgentJobs on the real kubelet")
    parser.add_argument("--resume", action="store_true", help="leave out scenes that --out has results of")
    parser.add_argument("--out", type=Path, help="the results (JSON): read first, written after each scene")
    parser.add_argument("--page", type=Path, help="write the page here (Markdown)")
    return parser


def _chosen(options: argparse.Namespace, results: dict[str, Any]) -> list[str]:
    named = [one for scene in options.scene for one in (SIMULATED if scene == "simulated" else (scene,))]
    return [scene for scene in named if not (options.resume and scene in results.get("scenes", {}))]


def _measure(scene: str, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="agentjob-bench-") as folder:
        if scene == "smoke":
            return asyncio.run(scenarios.smoke(Path(folder)))
        sizes, around = Sizes(options.burst, options.finished, options.kubelet), Surroundings()
        found = asyncio.run(SCENES[scene](Path(folder), sizes))
    earlier = json.loads(options.out.read_text()).get("scenes", {}) if options.out and options.out.exists() else {}
    return found | {"machine": report.machine(), "scenes": earlier | {scene: around.read()}}


def _write(results: dict[str, Any], options: argparse.Namespace) -> None:
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=2) + "\n")
    if options.page is not None:
        options.page.write_text(_page(results))


def _page(results: dict[str, Any]) -> str:
    return report.markdown(results, kubernetes=KUBERNETES_VERSION, nodes=NODES, warm_up=WARM_UP)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
