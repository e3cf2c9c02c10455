"""The operator as a process of its own, configured as the chart does, without leader election."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson
from cluster import processes
from cluster.kubeconfig import TokenUser, kubeconfig_text
from cluster.paths import REPOSITORY

from bench.errors import BenchError
from bench.plane import Plane
from bench.procfs import Usage, usage

START_SECONDS: Final = 120.0
COMMAND: Final = (sys.executable, "-m", "agentjob_operator")


@dataclass(frozen=True)
class Operator:
    """One running process. `started` and `leading` are seconds of `time.monotonic`."""

    server: processes.Server
    started: float
    leading: float

    def usage(self) -> Usage:
        """So far."""
        return usage(self.server.process.pid)


@asynccontextmanager
async def running_operator(plane: Plane, command: Sequence[str] = COMMAND) -> AsyncIterator[Operator]:
    """Leading; ended by SIGTERM. Raises `BenchError` when it does not come to lead."""
    folder = _folder(plane)
    log = folder / "operator.log"
    started = time.monotonic()
    port = processes.free_port()
    server = processes.start_server(
        "agentjob-operator", [*command, f"--health-port={port}"], log, environment=_environment(plane, folder)
    )
    try:
        yield Operator(server, started, await _leading(server, log))
    finally:
        server.stop()


def _folder(plane: Plane) -> Path:
    folder = plane.folder / f"operator-{time.monotonic_ns()}"
    folder.mkdir()
    return folder


def _environment(plane: Plane, folder: Path) -> dict[str, str]:
    user = TokenUser("operator", plane.operator_token)
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(kubeconfig_text(server=plane.cluster.url, authority=plane.cluster.ca_file, user=user))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTJOB_", "KUBERNETES_"))}
    images = {
        f"AGENTJOB_{part.upper()}_IMAGE": f"localhost/agentjob/{part}:bench"
        for part in ("runtime", "agent", "desktop", "notebook", "services")
    }
    return {
        **kept,
        **images,
        **plane.store.environment(),
        "PYTHONPATH": os.pathsep.join(str(REPOSITORY / part) for part in ("crds", "operator")),
        "KUBECONFIG": str(kubeconfig),
        "AGENTJOB_HEALTH_HOST": "127.0.0.1",
        "AGENTJOB_LEADER_ELECTION__ENABLED": "false",
    }


async def _leading(server: processes.Server, log: Path) -> float:
    """By the operator's own log, whose clock is this machine's."""
    offset = time.time() - time.monotonic()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server.check_alive()
        if (moment := _leading_since(log)) is not None:
            return moment - offset
        await asyncio.sleep(0.02)
    raise BenchError(f"the operator does not lead after {START_SECONDS:.0f} s; see {log}")


def _leading_since(log: Path) -> float | None:
    """Seconds of `time.time`."""
    for line in log.read_bytes().splitlines():
        if line.startswith(b"{") and line.endswith(b"}") and (entry := orjson.loads(line))["event"] == "leading":
            return datetime.fromisoformat(entry["timestamp"]).timestamp()
    return None
