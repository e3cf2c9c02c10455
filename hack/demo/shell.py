"""kubectl and helm of the local cluster, as subprocesses: the demo does what a person would type, and shows it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]


class DemoError(Exception):
    """A step failed; the message says what to do."""


@dataclass(frozen=True)
class Shell:
    """Runs commands against `.cluster/kubeconfig`."""

    console: Console
    namespace: str

    def environment(self) -> dict[str, str]:
        """The caller's environment with the local cluster's kubeconfig and tools in front."""
        path = f"{ROOT / '.cluster' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "KUBECONFIG": str(ROOT / ".cluster" / "kubeconfig"), "PATH": path}

    def run(self, *command: str, show: bool = True, stdin: str | None = None) -> str:
        """Standard output of `command`. Raises `DemoError` with its error output when it fails."""
        if show:
            self.console.print(f"[bold green]$[/] [bold]{' '.join(command)}[/]", highlight=False, soft_wrap=True)
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(), input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DemoError(f"{' '.join(command[:4])} … failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def kubectl(self, *arguments: str, show: bool = True, stdin: str | None = None) -> str:
        """`kubectl -n NAMESPACE …`."""
        return self.run("kubectl", "-n", self.namespace, *arguments, show=show, stdin=stdin)

    def agentjob(self, name: str) -> dict[str, Any]:
        """The object as it is now."""
        found: dict[str, Any] = json.loads(self.kubectl("get", "agentjob", name, "-o", "json", show=False))
        return found

    def stream(self, *arguments: str) -> "subprocess.Popen[str]":
        """A running `kubectl -n NAMESPACE …` whose output is read line by line."""
        command = ("kubectl", "-n", self.namespace, *arguments)
        self.console.print(f"[bold green]$[/] [bold]{' '.join(command)}[/]", highlight=False, soft_wrap=True)
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
