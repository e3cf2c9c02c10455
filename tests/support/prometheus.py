"""A real Prometheus on a loopback port, which scrapes every second and evaluates the chart's alerts."""

import math
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml

from support.loopback import accepts, free_port

SCRAPE_JOB = "agentjob-operator"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Prometheus:
    """`url` is that of its API."""

    url: str

    def query(self, promql: str) -> list[float]:
        """The values of all series now. AssertionError with Prometheus' words when it refuses the expression."""
        found = self._get("query", query=promql)["data"]
        if found["resultType"] == "scalar":
            return [float(found["result"][1])]
        return [float(series["value"][1]) for series in found["result"]]

    def has_data(self, promql: str) -> bool:
        """Whether a series has a number: NaN, which is what a quantile of nothing is, shows as an empty panel."""
        return any(math.isfinite(value) for value in self.query(promql))

    def rules(self) -> list[dict[str, Any]]:
        """The alerts with their `health` and `lastError`."""
        groups = self._get("rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def _get(self, what: str, **parameters: str) -> dict[str, Any]:
        answer = urllib3.request("GET", f"{self.url}/api/v1/{what}", fields=parameters, timeout=20)
        assert answer.status == 200, f"{parameters}: {answer.data.decode()}"
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def running_prometheus(folder: Path, targets: Sequence[str], rules: Path) -> Iterator[Prometheus]:
    """It scrapes `targets` (host:port) as docs/monitoring.md says; returns when it answers, and ends it afterwards."""
    binary = shutil.which("prometheus")
    assert binary, "prometheus is missing: `make prereqs` installs Debian's package; elsewhere see prometheus.io"
    (folder / "prometheus.yml").write_text(yaml.safe_dump(_configuration(targets, rules)))
    port = free_port()
    command = [
        binary, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_ready(process, port, folder / "prometheus.log")
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _configuration(targets: Sequence[str], rules: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": SCRAPE_JOB, "honor_labels": True, "static_configs": [{"targets": list(targets)}]}
        ],
    }


def _wait_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"prometheus ended: {log.read_text(errors='replace')[-2000:]}"
        if accepts(port) and urllib3.request("GET", f"http://127.0.0.1:{port}/-/ready", timeout=5).status == 200:
            return
        time.sleep(0.1)
    raise AssertionError(f"prometheus is not ready: {log.read_text(errors='replace')[-2000:]}")
