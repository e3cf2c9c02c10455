"""Command line of the local cluster: `python3 -m cluster up|down|status|tools|install-prereqs`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from cluster import console, facts, kindcluster, paths, prerequisites, toolbuild
from cluster.embedded import commands as embedded
from cluster.errors import ClusterError
from cluster.locking import exclusive
from cluster.toolset import EMBEDDED_MODULES, MODULES

NOT_RUNNING_EXIT_CODE = 3


def build_parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    parser = argparse.ArgumentParser(
        prog="python3 -m cluster", description="The local Kubernetes cluster of the demo and the tests."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the cluster up; harmless when it is up already")
    _add_up_arguments(up)
    down = commands.add_parser("down", help="end the cluster and remove every trace of it")
    _add_kind_argument(down)
    commands.add_parser("status", help=f"show the cluster; exit code {NOT_RUNNING_EXIT_CODE} when it is not running")
    tools = commands.add_parser("tools", help="build the tools into the cache and print `name path` lines")
    names = sorted(binary for module in MODULES for binary in module.packages)
    tools.add_argument("--only", nargs="+", metavar="NAME", choices=names, help=f"some of: {', '.join(names)}")
    commands.add_parser("install-prereqs", help="install the Debian packages that the embedded cluster needs")
    return parser


def _add_up_arguments(up: argparse.ArgumentParser) -> None:
    _add_kind_argument(up)
    up.add_argument(
        "--audit",
        action="store_true",
        default=os.environ.get("AGENTJOB_CLUSTER_AUDIT", "") == "1",
        help="log every API request to .cluster/audit.log (also AGENTJOB_CLUSTER_AUDIT=1)",
    )
    up.add_argument("--egress", action="store_true", help="let pods reach the outside (embedded; kind always does)")
    up.add_argument("--replace", action="store_true", help="end an embedded cluster of another checkout first")


def _add_kind_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        choices=("auto", "embedded", "kind"),
        default=os.environ.get("AGENTJOB_CLUSTER", "auto"),
        help="which cluster; auto is kind where Docker answers (also AGENTJOB_CLUSTER)",
    )


def main(arguments: list[str]) -> int:
    """Runs one command; returns its exit code."""
    prerequisites.extend_path()
    options = build_parser().parse_args(arguments)
    try:
        return _run(options)
    except ClusterError as error:
        console.complain(str(error))
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "tools":
        built = toolbuild.ensure_binaries(*options.only) if options.only else toolbuild.ensure(EMBEDDED_MODULES)
        print("\n".join(f"{name} {path}" for name, path in built.items()))
    elif options.command == "install-prereqs":
        prerequisites.install()
    elif options.command == "status":
        return _status()
    else:
        with exclusive(paths.cache_folder() / "cluster.lock", "starting or ending the cluster"):
            _up(options) if options.command == "up" else _down(options)
    return 0


def _wants_kind(chosen: str) -> bool:
    return chosen == "kind" or (chosen == "auto" and kindcluster.docker_answers())


def _up(options: argparse.Namespace) -> None:
    if _wants_kind(options.kind):
        kindcluster.up(audited=options.audit)
    else:
        embedded.up(audited=options.audit, egress=options.egress, replace=options.replace)
    console.say(f"the cluster is up: export KUBECONFIG={paths.KUBECONFIG}")


def _down(options: argparse.Namespace) -> None:
    # What is there decides, not what would be made today: Docker may have come or gone since.
    if facts.read().get("KIND", "") == "kind" or (not facts.read() and _wants_kind(options.kind)):
        kindcluster.down()
    else:
        embedded.down()
    console.say("the cluster is gone")


def _status() -> int:
    values = facts.read()
    if not values:
        console.say("the cluster is not running; start it with `make cluster-up`")
        return NOT_RUNNING_EXIT_CODE
    for key, value in values.items():
        print(f"{key}={value}")
    kubectl = [values["KUBECTL"], "--kubeconfig", values["KUBECONFIG"], "--request-timeout=5s"]
    sys.stdout.flush()
    for words in (["get", "nodes", "--output=wide"], ["get", "pods", "--all-namespaces"]):
        if subprocess.run([*kubectl, *words], check=False).returncode != 0:
            console.complain("the cluster does not answer; `make cluster-up` starts it anew")
            return NOT_RUNNING_EXIT_CODE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
