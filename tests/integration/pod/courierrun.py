"""Runs the real courier beside an agent that holds the lock and dies as told."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentjob_api.grant import UploadGrant
from agentjob_api.job_config import ArchiveConfig, JobConfig, LimitsConfig, ModelConfig
from agentjob_api.pod import REPORT_MAX_BYTES
from agentjob_api.report import AgentResult, Report
from agentjob_runtime.common.paths import Paths
from support.patience import until

ROOT = Path(__file__).parents[3]
AGENT = """
import fcntl, os, sys, time
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)
fcntl.flock(lock, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
print("locked", flush=True)
sys.stdin.read()
"""
"""Holds the lock until its standard input ends, or it is killed."""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Polls for up to a minute. Raises `AssertionError`."""
    until(condition, what, 60)


@dataclass
class CourierRun:
    """One attempt's files, courier and agent."""

    root: Path
    uid: str = "uid-1"
    timeout_seconds: int = 60
    checkpoint_seconds: int | None = None
    archive: ArchiveConfig = field(default_factory=lambda: ArchiveConfig(max_bytes=1 << 30))
    courier: subprocess.Popen[str] | None = None
    agent: subprocess.Popen[str] | None = None

    @property
    def paths(self) -> Paths:
        """Under the test's own root."""
        return Paths.under(self.root)

    def lay(self, grant: UploadGrant) -> None:
        """What prepare and the operator leave."""
        self.paths.make_dirs()
        config = JobConfig(
            namespace="team",
            name="job",
            uid=self.uid,
            attempt=1,
            model=ModelConfig(name="m", endpoint="http://unused.invalid/v1"),
            limits=LimitsConfig(steps=1, timeout_seconds=self.timeout_seconds),
            archive=self.archive,
            workspace_bytes=1 << 30,
            checkpoint_seconds=self.checkpoint_seconds,
        )
        self.paths.config.write_text(config.to_json())
        self.write_grant(grant)
        self.paths.lock.touch()
        self.paths.events.touch()

    def write_grant(self, grant: UploadGrant) -> None:
        """As the kubelet does when the Secret changes."""
        self.paths.upload.write_text(grant.to_json())

    def start_courier(self) -> None:
        """Returns when it is ready."""
        environment = os.environ | {
            "PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}",
            "AGENTJOB_ROOT": str(self.root),
        }
        command = [sys.executable, "-m", "agentjob_runtime", "courier"]
        self.courier = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        wait_for(self.paths.courier_ready.exists, "the courier is not ready")

    def start_agent(self) -> None:
        """Returns when it holds the lock."""
        command = [sys.executable, "-c", AGENT, str(self.paths.lock), str(self.paths.started)]
        self.agent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.agent.stdout is not None
        assert self.agent.stdout.readline() == "locked\n"

    def start(self, grant: UploadGrant) -> None:
        """Everything up to a running agent."""
        self.lay(grant)
        self.start_courier()
        self.start_agent()

    def append_events(self, *events: dict[str, Any]) -> None:
        """As the agent does."""
        with self.paths.events.open("a") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)

    def end_agent(self, result: AgentResult | None, number: int | None = None) -> None:
        """Writes the result, if any, and ends the agent: by itself, or by a signal."""
        assert self.agent is not None
        if result is not None:
            self.paths.agent_result.write_text(result.to_json())
        if number is not None:
            self.agent.send_signal(number)
        self.agent.communicate()

    def kill_agent(self) -> None:
        """As the kernel does when memory runs out."""
        self.end_agent(None, signal.SIGKILL)

    def finish(self) -> tuple[int, Report]:
        """Exit code and report; the courier's log goes to the test's output."""
        assert self.courier is not None
        _, log = self.courier.communicate(timeout=120)
        print(log)
        data = self.paths.termination_log.read_bytes()
        assert len(data) <= REPORT_MAX_BYTES
        return self.courier.returncode, Report.from_json(data)

    def close(self) -> None:
        """Ends whatever still runs."""
        for process in (self.agent, self.courier):
            if process is not None and process.poll() is None:
                process.kill()
                process.communicate()
