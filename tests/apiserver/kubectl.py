"""kubectl against one API server, as its administrator."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kubectl:
    """Callable: `kubectl("get", "agj", "-n", namespace)`."""

    program: Path
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Standard output. AssertionError with standard error when the command failed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """The finished process, whatever came of it."""
        command = [str(self.program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def await_established(kubectl: Kubectl) -> None:
    """Until the API server serves AgentJobs. `kubectl wait` is no help: it fails on a CRD whose conditions are still null."""
    deadline = time.monotonic() + 30
    while True:
        status = json.loads(kubectl("get", "crd/agentjobs.agentjob.io", "-o", "json"))["status"]
        if any(one["type"] == "Established" and one["status"] == "True" for one in status.get("conditions") or ()):
            return
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
