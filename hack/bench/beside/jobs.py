"""AgentJobs with and without desktop and notebook on a real cluster, through kubectl as a person uses it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from agentjob_api import names
from agentjob_api.pod import Container
from cluster import paths

from bench.errors import BenchError

KINDS: Final = {
    "none": (),
    "desktop": ("desktop",),
    "notebook": ("notebook",),
    "both": ("desktop", "notebook"),
}
"""What stands beside the agent."""
GIVE_UP_SECONDS: Final = 180.0
LINGER_SECONDS: Final = 900
_POLL_SECONDS: Final = 0.2
Found = TypeVar("Found")


@dataclass(frozen=True)
class Tenant:
    """A namespace where AgentJobs can run, and the model that they ask."""

    namespace: str
    model: str

    def kubectl(self, *words: str, stdin: str = "") -> str:
        """What it prints. Raises `BenchError`."""
        own = paths.CLUSTER_FOLDER / "bin/kubectl"
        command = [str(own), f"--kubeconfig={paths.KUBECONFIG}", "-n", self.namespace, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def start(self, name: str, kind: str, *, lingers: bool = False) -> None:
        """Applies an AgentJob that ends at once; with `lingers` what stands beside it stays."""
        spec: dict[str, Any] = {"task": "Say hello.", "model": {"name": self.model}}
        spec |= {part: {"enabled": part in KINDS[kind]} for part in ("desktop", "notebook")}
        spec |= {"lingerSeconds": LINGER_SECONDS} if lingers else {}
        manifest = {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": {"name": name}, "spec": spec}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def pod_of_finished(self, name: str) -> str | None:
        """The pod's name once the AgentJob is at its end. Raises `BenchError` unless it succeeded."""
        status = json.loads(self.kubectl("get", names.PLURAL, name, "-o", "json")).get("status", {})
        if not status.get("completionTime"):
            return None
        if status["phase"] != "Succeeded":
            raise BenchError(f"{name}: {status['message']}")
        return str(status["podName"])

    def remove(self, name: str) -> None:
        """Deletes it and returns when its pod is gone: the next one has the machine for itself."""
        self.kubectl("delete", names.PLURAL, name, "--ignore-not-found", "--wait")
        selector = f"{names.LABEL_NAME}={name}"
        wait_for(lambda: self.kubectl("get", "pods", "-l", selector, "-o", "name") == "" or None)


def seconds_to_first_event(tenant: Tenant, name: str, kind: str, *, lingers: bool = False) -> tuple[float, str]:
    """From `kubectl apply` to the agent's first event, and the pod's name. The node's clock is this machine's."""
    began = time.time()
    tenant.start(name, kind, lingers=lingers)
    pod = wait_for(lambda: tenant.pod_of_finished(name))
    lines = tenant.kubectl("logs", pod, "-c", Container.AGENT).splitlines()
    first = next((json.loads(line) for line in lines if line.startswith('{"seq"')), None)
    if first is None:
        raise BenchError(f"the agent of {name} wrote no event")
    return datetime.fromisoformat(first["time"]).timestamp() - began, pod


def wait_for(found: Callable[[], Found | None]) -> Found:
    """What `found` gives, once it gives something. Raises `BenchError`."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        if (value := found()) is not None:
            return value
        time.sleep(_POLL_SECONDS)
    raise BenchError(f"not within {GIVE_UP_SECONDS:.0f} s")
