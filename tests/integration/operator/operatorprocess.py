"""The operator as a user runs it: `python -m agentjob_operator`, a process of its own, configured by its environment."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cluster.kubeconfig import TokenUser, kubeconfig_text
from integration.operator.warmstart import WarmProcess
from support.loopback import free_port
from support.minio import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, MinioServer
from support.patience import tries

REPOSITORY = Path(__file__).resolve().parents[3]
START_SECONDS = 120.0
_NOT_INHERITED = ("AGENTJOB_", "KUBERNETES_", "PYTHONDONTWRITEBYTECODE")


@dataclass
class OperatorProcess:
    """One process at a time; `log` collects what all of them wrote."""

    folder: Path
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | WarmProcess | None = None
    warm: bool = True
    """Its modules are imported already (`warmstart.py`)."""

    @property
    def log(self) -> Path:
        return self.folder / "operator.log"

    def start(self, *flags: str, ready: bool = True) -> None:
        """Returns when `/readyz` says so, or at once."""
        arguments = [f"--health-port={self.port}", *flags]
        self.process = WarmProcess(arguments, self.environment, self.log) if self.warm else self._cold(arguments)
        if ready:
            self.wait_ready()

    def _cold(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "agentjob_operator", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=dict(self.environment), stdout=log, stderr=log)

    def wait_ready(self) -> None:
        """Leading with its cache squared, or standing by."""
        for _ in tries(START_SECONDS):
            assert self.process is not None
            assert self.process.poll() is None, f"the operator ended: {self.tail()}"
            if self.probe("readyz") == 200:
                return
        raise AssertionError(f"the operator is not ready: {self.tail()}")

    def probe(self, path: str) -> int:
        """HTTP status of a probe; 0 without an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=2) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0

    def state(self) -> str:
        """What `/readyz` says it does: standby, leading, …"""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            # Not ready, as between standing by and leading.
            return error.read().decode()

    def metrics(self) -> str:
        """`/metrics`, whole."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def wait_state(self, state: str) -> None:
        """Returns when it is in that state."""
        for _ in tries(START_SECONDS):
            if self.probe("readyz") == 200 and self.state() == state:
                return
        raise AssertionError(f"not {state}: {self.tail()}")

    def kill(self) -> None:
        """SIGKILL: no chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def cpu_seconds(self) -> float:
        """User and system time so far, from /proc."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tail(self, lines: int = 30) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process = None
        return code


@dataclass(frozen=True)
class Target:
    """An API server, and who the operator is there."""

    url: str
    ca_file: Path
    token: str


@contextmanager
def operator_process(
    folder: Path, target: Target, store: MinioServer, settings: Mapping[str, str]
) -> Iterator[OperatorProcess]:
    """Not started yet; killed at the end. `settings` are environment variables without their prefix."""
    user = TokenUser("operator", target.token)
    kubeconfig = folder / "operator.kubeconfig"
    kubeconfig.write_text(kubeconfig_text(server=target.url, authority=target.ca_file, user=user))
    parts = (Path(__file__).parent / "as_in_the_image", REPOSITORY / "crds", REPOSITORY / "operator")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)},
        "PYTHONPATH": os.pathsep.join(str(part) for part in parts),
        "KUBECONFIG": str(kubeconfig),
        "AGENTJOB_STORAGE__ENDPOINT": store.endpoint,
        "AGENTJOB_STORAGE__BUCKET": BUCKET,
        "AGENTJOB_STORAGE__REGION": REGION,
        "AGENTJOB_STORAGE__ACCESS_KEY": ACCESS_KEY,
        "AGENTJOB_STORAGE__SECRET_KEY": SECRET_KEY,
        "AGENTJOB_RUNTIME_IMAGE": "agentjob/runtime:test",
        "AGENTJOB_AGENT_IMAGE": "agentjob/agent:test",
        "AGENTJOB_DESKTOP_IMAGE": "agentjob/desktop:test",
        "AGENTJOB_NOTEBOOK_IMAGE": "agentjob/notebook:test",
        "AGENTJOB_SERVICES_IMAGE": "agentjob/services:test",
        # What stands beside the agent has tests of its own, which ask for it.
        "AGENTJOB_BESIDE__DESKTOP_ENABLED": "false",
        "AGENTJOB_BESIDE__NOTEBOOK_ENABLED": "false",
        # Their three writes per namespace have a test of their own.
        "AGENTJOB_NETWORK__ENABLED": "false",
        "AGENTJOB_HEALTH_HOST": "127.0.0.1",
        "AGENTJOB_LEADER_ELECTION__ENABLED": "false",
        "AGENTJOB_LOG_LEVEL": "DEBUG",
        **{f"AGENTJOB_{name.upper()}": value for name, value in settings.items()},
    }
    process = OperatorProcess(folder, environment)
    try:
        yield process
    finally:
        process.kill()
