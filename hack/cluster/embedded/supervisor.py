"""The first process of the cluster's namespaces: prepares the node, runs the components, reaps orphans.

Started by `lifecycle` as `python3 -m cluster.embedded.supervisor <data folder>`; that command line is how a running
cluster is found again. It has no clean end: the cluster ends when this process is killed, and all others with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from cluster.embedded import layout, node
from cluster.embedded.layout import INSIDE
from cluster.embedded.plan import Component, parse_components
from cluster.errors import ClusterError

MODULE = "cluster.embedded.supervisor"
_RESTARTS = 20
_RESTART_DELAY_SECONDS = 1.0
_SOCKET_SECONDS = 30.0


def main(data: Path) -> None:
    """Runs until it is killed, or until a component has ended too often."""
    _log("preparing the node")
    node.prepare_mounts(data)
    node.prepare_network()
    plan = parse_components(INSIDE.components.read_text())
    running: dict[int, Component] = {}
    for component in plan:
        running[_start(component)] = component
        if component.name == "containerd":
            _wait_for_socket(layout.CONTAINERD_SOCKET)
    _keep_running(running)


def _keep_running(running: dict[int, Component]) -> None:
    restarts: Counter[str] = Counter()
    while True:
        pid, status = os.wait()
        ended = running.pop(pid, None)
        if ended is None:
            continue  # an orphan, such as a container's shim: the first process of a namespace has to reap it
        restarts[ended.name] += 1
        if restarts[ended.name] > _RESTARTS:
            raise ClusterError(f"{ended.name} ended {_RESTARTS} times, giving up; see logs/{ended.name}.log")
        code = os.waitstatus_to_exitcode(status)
        _log(f"{ended.name} ended with {code}; starting it again ({restarts[ended.name]} of {_RESTARTS})")
        time.sleep(_RESTART_DELAY_SECONDS)
        running[_start(ended)] = ended


def _start(component: Component) -> int:
    _log(f"starting {component.name}")
    with (INSIDE.logs / f"{component.name}.log").open("ab") as log:
        process = subprocess.Popen(
            component.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=layout.RUN, start_new_session=True
        )
    # It is reaped by os.wait() above; Popen must not warn or wait for it on its own.
    process.returncode = 0
    return process.pid


def _wait_for_socket(path: Path) -> None:
    deadline = time.monotonic() + _SOCKET_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise ClusterError(
                f"containerd did not open {path} within {_SOCKET_SECONDS:.0f} s; see logs/containerd.log"
            )
        time.sleep(0.02)


def _log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
