"""A Git host and an attempt's folders for each test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from agentjob_api.job_config import ArchiveConfig, JobConfig, LimitsConfig, ModelConfig, RepositoryConfig
from agentjob_api.pod import ENV_GIT_PASSWORD, ENV_GIT_USERNAME, ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import PrepareFailure
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.prepare.main import ENV_PAUSES, ENV_SECONDS
from support.git_server import GitServer, running_git_server

ROOT = Path(__file__).parents[3]


@dataclass
class PrepareRun:
    """Runs `prepare` as a process, as its container does."""

    root: Path
    workspace_bytes: int = 1 << 30
    username: str = ""
    password: str = ""
    pauses: str = ""
    seconds: str = ""
    log: str = field(default="", repr=False)

    @property
    def paths(self) -> Paths:
        """Under the test's own root."""
        return Paths.under(self.root)

    def run(self, repository: RepositoryConfig | None) -> int:
        """The exit code; the log is kept."""
        paths = self.paths
        for folder in (paths.workspace, paths.run_dir, paths.config_dir, paths.termination_log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        config = JobConfig(
            namespace="team",
            name="job",
            uid="uid",
            attempt=1,
            model=ModelConfig(name="m", endpoint="http://unused.invalid"),
            limits=LimitsConfig(steps=1, timeout_seconds=1),
            repository=repository,
            archive=ArchiveConfig(max_bytes=1),
            workspace_bytes=self.workspace_bytes,
        )
        paths.config.write_text(config.to_json())
        environment = os.environ | {"PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}"}
        environment |= {"AGENTJOB_ROOT": str(self.root), ENV_PAUSES: self.pauses, ENV_SECONDS: self.seconds}
        environment |= {ENV_GIT_USERNAME: self.username} if self.username else {}
        environment |= {ENV_GIT_PASSWORD: self.password} if self.password else {}
        command = [sys.executable, "-m", "agentjob_runtime", "prepare"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        self.log = done.stdout + done.stderr
        print(self.log)
        return done.returncode

    def clone(self, url: str, ref: str | None = None, *, submodules: bool = False) -> None:
        """Must succeed."""
        assert self.run(RepositoryConfig(url=url, ref=ref, submodules=submodules)) == ExitCode.SUCCESS

    def fail(self, url: str, ref: str | None = None, *, submodules: bool = False) -> tuple[Reason, str]:
        """Must fail; reason and message from the termination log."""
        assert self.run(RepositoryConfig(url=url, ref=ref, submodules=submodules)) == ExitCode.PREPARE_FAILED
        failure = PrepareFailure.from_json(self.paths.termination_log.read_bytes())
        return failure.reason, failure.message


@pytest.fixture
def prepare(tmp_path: Path) -> PrepareRun:
    """Empty folders."""
    return PrepareRun(tmp_path / "root")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitServer]:
    """A Git host without repositories."""
    with running_git_server(tmp_path / "host") as server:
        yield server


@pytest.fixture
def quick(prepare: PrepareRun) -> None:
    """Retries without their pauses."""
    prepare.pauses = "0.01,0.01"
