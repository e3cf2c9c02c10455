"""How Jupyter is started: nothing secret in argv, nothing of the workspace in its way, nothing of its own in the workspace."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agentjob_api.job_config import NotebookConfig
from agentjob_api.pod import AGENT_HOME, KEY_NOTEBOOK_TOKEN, NOTEBOOK_PORT, WORKSPACE, ExitCode
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.notebook import kernel, settings

TOKEN = "a-token-of-more-than-16-characters"
CONFIG = {
    "namespace": "tenant",
    "name": "job",
    "uid": "uid",
    "attempt": 1,
    "model": {"name": "m", "endpoint": "http://model.invalid/v1"},
    "limits": {"steps": 1, "timeoutSeconds": 60},
    "archive": {"maxBytes": 1000},
    "workspaceBytes": 1000,
    "notebook": {"baseUrl": "/jobs/a/notebook/"},
}


def start(root: Path, token: str | None) -> subprocess.CompletedProcess[str]:
    """The role `notebook` as a process; it cannot become Jupyter here, which is not installed."""
    paths = Paths.under(root)
    paths.make_dirs()
    paths.config.write_text(json.dumps(CONFIG), encoding="utf-8")
    if token is not None:
        (paths.config_dir / KEY_NOTEBOOK_TOKEN).write_text(token, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "agentjob_runtime", "notebook"],
        env={**os.environ, "AGENTJOB_ROOT": str(root), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("token", [None, "", "short", " " * 40, f"{TOKEN}\n", "tökentökentökentöken"])
def test_it_does_not_start_without_a_token_worth_the_name(tmp_path: Path, token: str | None) -> None:
    """Jupyter would take an empty token for the wish to have none."""
    done = start(tmp_path, token)
    assert done.returncode == ExitCode.CONFIG
    assert not token or not token.strip() or token.strip() not in done.stdout + done.stderr


def test_the_token_stands_in_no_log_and_no_argument(tmp_path: Path) -> None:
    """Only its file is named, and only to Jupyter."""
    done = start(tmp_path, TOKEN)
    assert done.returncode not in {0, ExitCode.CONFIG}
    assert TOKEN not in done.stdout + done.stderr
    words = settings.command(settings.options("/x/", Path("/workspace"), Path("/home/agent")))
    assert not [word for word in words if "token" in word.lower()]


def test_base_url_and_root_are_the_jobs(tmp_path: Path) -> None:
    """A proxy may leave the path in the request; the workspace is what people see."""
    traits = settings.options(NotebookConfig(base_url="/jobs/a/").base_url, Path("/workspace"), tmp_path)
    assert traits["ServerApp.base_url"] == "/jobs/a/"
    assert traits["ServerApp.root_dir"] == "/workspace"
    assert traits["ServerApp.port"] == str(NOTEBOOK_PORT)


def test_everything_that_jupyter_writes_lies_in_its_home(tmp_path: Path) -> None:
    """The workspace's archive holds what the agent did, not checkpoints, settings or byte code."""
    paths = Paths.under(tmp_path)
    folders = [*settings.folders(paths.home).values(), settings.checkpoints(paths.home)]
    assert all(folder.is_relative_to(paths.home) for folder in folders)
    environment = settings.environment({}, paths, tmp_path / "token")
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_environment_carries_nothing_that_changes_jupyter(tmp_path: Path) -> None:
    """`JUPYTER_TOKEN` would win over the file; `PYTHONPATH` could put code in front of Jupyter's."""
    inherited = {"JUPYTER_TOKEN": "", "PYTHONPATH": "/workspace", "AGENTJOB_ROOT": "/x", "LANG": "C.UTF-8"}
    environment = settings.environment(inherited, Paths.under(tmp_path), tmp_path / "token")
    assert not {"JUPYTER_TOKEN", "PYTHONPATH", "AGENTJOB_ROOT"} & set(environment)
    assert environment["LANG"] == "C.UTF-8"
    assert environment[settings.ENV_TOKEN_FILE] == str(tmp_path / "token")


def make_environment(folder: Path, version: str = "") -> Path:
    """What a virtual environment consists of, as far as a kernel looks."""
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / (version or own) / "site-packages"
    packages.mkdir(parents=True)
    return packages


def test_a_kernel_sees_the_packages_of_its_own_version(tmp_path: Path) -> None:
    """Compiled packages of another version cannot be imported."""
    make_environment(tmp_path / "other", "python2.7")
    fitting = make_environment(tmp_path / "fitting")
    assert kernel.folders([tmp_path / "missing", tmp_path / "other", tmp_path / "fitting"]) == [str(fitting)]


def test_of_the_agents_pth_files_only_folders_are_taken(tmp_path: Path) -> None:
    """An editable install is found; code, a FIFO, bytes that are no text, and what is not there are not even an error."""
    packages, source = make_environment(tmp_path), tmp_path / "src"
    source.mkdir()
    (packages / "a.pth").write_text(f"# comment\nimport os; os.mkdir('{tmp_path}/ran')\n{source}\n/not/there\n")
    (packages / "b.pth").write_bytes(b"\xff\xfe\0")
    os.mkfifo(packages / "c.pth")
    (packages / "d.pth").symlink_to("/dev/zero")
    (packages / "e.pth").write_text("a\0b\n")
    assert kernel.folders([tmp_path]) == [str(packages), str(source)]
    assert not (tmp_path / "ran").exists()


def test_the_agents_folders_are_behind_the_standard_library() -> None:
    """Its `json.py` is not what Jupyter gets; its newer package wins over the image's."""
    path = ["/usr/lib/python3.13", "/usr/lib/python3/dist-packages", "/jupyter/site-packages"]
    kernel.add_to_path(path, ["", "/workspace"])
    assert path == ["/usr/lib/python3.13", "", "/workspace", "/usr/lib/python3/dist-packages", "/jupyter/site-packages"]


def test_the_kernels_own_constants_are_the_contracts() -> None:
    """The file is run by the image's Python, so it cannot import them."""
    assert (kernel.WORKSPACE, kernel.AGENT_HOME) == (WORKSPACE, AGENT_HOME)
    assert str(settings.JUPYTER) == kernel.JUPYTER
