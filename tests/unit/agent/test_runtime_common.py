"""What all containers share: the dispatcher, the paths, the configuration, files that are whole or not there."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from agentjob_api import pod
from agentjob_api.pod import ExitCode
from agentjob_runtime.__main__ import ROLES, main
from agentjob_runtime.agent.disk_usage import disk_usage
from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.common.config import ConfigError, read_job_config, read_task
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.tools.registry import TOOLS, schemas
from agentruns.run import ROOT, AgentJobFiles


@pytest.mark.parametrize("arguments", [[], ["nobody"], ["--help"], ["../agent"]])
def test_an_unknown_role_is_a_bug_of_the_operators(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It names the roles there are."""
    assert main(arguments) == ExitCode.CONFIG
    usage = capsys.readouterr().err
    assert all(role in usage for role in ROLES)


def test_a_role_imports_nothing_of_the_others() -> None:
    """The agent has no use for the others' faults."""
    code = "import sys, agentjob_runtime.agent.main, agentjob_runtime.engines.builtin.engine; print(*sys.modules)"
    environment = {"PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}", "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    others = {f"agentjob_runtime.{role.replace('-', '_')}" for role in ROLES} - {"agentjob_runtime.agent"}
    assert not others & set(done.stdout.split())


def test_paths_are_the_contracts_or_under_a_root() -> None:
    """The environment's root stands for /, and an empty one does not."""
    assert str(Paths().events) == pod.EVENTS
    assert Paths.from_env({"AGENTJOB_ROOT": ""}) == Paths()
    moved = Paths.from_env({"AGENTJOB_ROOT": "/tmp/x"})
    assert moved == Paths.under("/tmp/x")
    assert str(moved.task) == "/tmp/x/etc/agentjob/task"


def test_the_configuration_is_read_or_refused(tmp_path: Path) -> None:
    """One error for all that can be wrong with it."""
    files = AgentJobFiles(tmp_path, "http://x", "the task \u20ac")
    files.write()
    assert read_job_config(files.paths.config).uid == "uid-1"
    assert read_task(files.paths.task) == "the task \u20ac"
    for content in (b"", b"{}", b"[", b"\xff"):
        files.paths.config.write_bytes(content)
        with pytest.raises(ConfigError):
            read_job_config(files.paths.config)
    for content in (b"", b" \n", b"\xff"):
        files.paths.task.write_bytes(content)
        with pytest.raises(ConfigError):
            read_task(files.paths.task)
    with pytest.raises(ConfigError, match="No such file"):
        read_job_config(tmp_path / "missing")


def test_an_atomic_write_replaces_a_link_and_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    """What the link led to is not touched."""
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new", mode=0o600)
    assert (tmp_path / "target").read_text() == "kept"
    assert (tmp_path / "link").read_text() == "new"
    assert (tmp_path / "link").stat().st_mode & 0o777 == 0o600
    (tmp_path / "folder/x").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"target", "link", "folder"}


def test_every_tool_is_described_for_the_model() -> None:
    """A name, a description, and one for each argument; no noise."""
    wanted = {"run_shell", "read_file", "write_file", "edit_file", "list_files", "search_files", "execute_python"}
    assert {tool.name for tool in TOOLS} == wanted | {"install_package", "test_code", "finish"}
    for schema in schemas():
        function = schema["function"]
        assert len(function["description"]) > 30
        assert function["parameters"]["additionalProperties"] is False
        assert "title" not in function["parameters"]
        for argument in function["parameters"]["properties"].values():
            assert argument["description"]
            assert "title" not in argument


@pytest.fixture
def somebody() -> Iterator[Path]:
    """A folder of somebody who is not root, whose rights the test has."""
    before = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        if before == 0:
            os.chown(folder, pod.UID, pod.UID)
            os.seteuid(pod.UID)
        try:
            yield Path(folder)
        finally:
            os.seteuid(before)


def test_a_folder_that_is_closed_does_not_end_the_watch(somebody: Path) -> None:
    """The agent owns the workspace and may close folders: what cannot be seen is left out."""
    closed = somebody / "closed"
    closed.mkdir()
    (closed / "file").write_bytes(b"x" * 10_000)
    (closed / "folder").mkdir()
    seen = {}
    for mode in (0o700, 0o600, 0o300, 0):
        closed.chmod(mode)
        seen[mode] = disk_usage(somebody)
    closed.chmod(0o700)
    assert seen[0o700] > seen[0o600] == seen[0o300] == seen[0]
