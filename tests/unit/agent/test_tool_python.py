"""`execute_python`, `install_package`, `test_code`."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.tools.test_detection import detect, summary_lines
from agentruns.tools import Toolbox
from support.loopback import free_port

WHEEL_PROJECT = {"pyproject.toml": "", "tests/test_it.py": "def test_it():\n    assert 1 == 1\n"}


def lay(toolbox: Toolbox, files: dict[str, str]) -> None:
    """Writes files into the workspace."""
    for name, text in files.items():
        path = toolbox.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def use_this_python(toolbox: Toolbox) -> None:
    """The workspace's .venv is one that has pytest."""
    folder = toolbox.workspace / ".venv/bin"
    folder.mkdir(parents=True)
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)


def test_python_sees_the_workspaces_modules(toolbox: Toolbox) -> None:
    """As a script in the workspace would; and leaves no file there."""
    lay(toolbox, {"mine.py": "VALUE = 41\n"})
    output = toolbox.call(
        "execute_python", code="import mine, os\nprint(mine.VALUE + 1, os.getcwd())\nraise SystemExit(4)"
    )
    assert output.text == f"42 {toolbox.workspace}\n[exit code: 4]"
    assert {path.name for path in toolbox.workspace.iterdir()} <= {"mine.py", "__pycache__"}


def test_python_is_killed_after_its_time(toolbox: Toolbox) -> None:
    """An endless loop is a timeout, not a hang."""
    output = toolbox.call("execute_python", code="print('begun')\nwhile True: pass", timeout_seconds=1)
    assert output.timed_out
    assert output.text.startswith("begun\n")


@pytest.mark.parametrize("manager", ["pip", "uv", "npm"])
@pytest.mark.parametrize(
    "name",
    [
        "--index-url=http://x",
        "-r",
        "../x",
        "http://x/y",
        "git+https://x",
        "a b",
        "a;b",
        "a\nb",
        "/etc",
        "file:x",
        "a@file:x",
    ],
)
def test_a_package_name_is_nothing_else(toolbox: Toolbox, manager: str, name: str) -> None:
    """No option, path, URL or second word reaches a package manager, and nothing was started."""
    with pytest.raises(ToolError, match="not a package name"):
        toolbox.call("install_package", manager=manager, packages=["requests", name])
    assert list(toolbox.paths.home.iterdir()) == []


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("pip", "-m pip install -- requests==2.32.0 uvicorn[standard]>=0.30,<1"),
        ("uv", "pip install --python {python} -- requests==2.32.0 uvicorn[standard]>=0.30,<1"),
        ("npm", "install --save-dev -- @types/node@^22 react@latest"),
    ],
)
def test_package_managers_get_the_names_behind_the_end_of_options(
    toolbox: Toolbox, tmp_path: Path, manager: str, expected: str
) -> None:
    """A program in the manager's place says what it was given."""
    programs = tmp_path / "programs"
    (toolbox.workspace / ".venv/bin").mkdir(parents=True)
    programs.mkdir()
    for path in (programs / "uv", programs / "npm", toolbox.workspace / ".venv/bin/python"):
        path.write_text('#!/bin/sh\necho "$@"\n')
        path.chmod(0o755)
    toolbox.context.environment["PATH"] = f"{programs}:/usr/bin:/bin"
    names = (
        ["@types/node@^22", "react@latest"] if manager == "npm" else ["requests==2.32.0", "uvicorn[standard]>=0.30,<1"]
    )
    output = toolbox.call("install_package", manager=manager, packages=names, dev=manager == "npm")
    python = toolbox.workspace / ".venv/bin/python"
    assert output.text == expected.format(python=python) + "\n[exit code: 0]"


@pytest.mark.parametrize("manager", ["pip", "uv", "npm"])
def test_a_registry_that_is_not_there_is_told(toolbox: Toolbox, manager: str) -> None:
    """The real managers, before a port that nobody listens on: they end by themselves, and the model reads what it means."""
    if manager == "npm" and shutil.which(manager) is None:
        pytest.skip("npm is not installed")
    # uv lies in the virtual environment of the tests.
    toolbox.context.environment["PATH"] = f"{Path(sys.executable).parent}:{toolbox.context.environment['PATH']}"
    nowhere = f"http://127.0.0.1:{free_port()}/"
    names = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "npm_config_registry")
    once = {"npm_config_fetch_retries": "0", "PIP_CONFIG_FILE": "/dev/null"}
    toolbox.context.environment.update({**dict.fromkeys(names, nowhere), **once})
    output = toolbox.call("install_package", manager=manager, packages=["left-pad"])
    assert "registry could not be reached" in output.text.splitlines()[0], output.text
    assert not output.ok
    assert not output.timed_out


def test_a_virtual_environment_is_made_in_the_home_folder(toolbox: Toolbox) -> None:
    """The image's own Python is not changed; what is installed there is what run_shell finds first."""
    from agentjob_runtime.tools.python_env import ensure_virtualenv, find_python

    folder = ensure_virtualenv(toolbox.context, "uv")
    assert folder == toolbox.paths.home / ".venv"
    assert find_python(toolbox.context) == str(folder / "bin/python")
    assert toolbox.call("run_shell", command="command -v python").text.startswith(str(folder / "bin/python"))


def test_a_python_projects_tests_are_found_and_run(toolbox: Toolbox) -> None:
    """The runner's totals stand first, the exit code last."""
    use_this_python(toolbox)
    toolbox.context.environment.pop("PYTEST_ADDOPTS", None)
    lay(toolbox, WHEEL_PROJECT)
    output = toolbox.call("test_code")
    assert "pytest -q: passed]" in output.text.splitlines()[0]
    assert output.text.splitlines()[1].startswith("1 passed")
    assert output.ok
    lay(toolbox, {"tests/test_it.py": "def test_it():\n    assert 1 == 2\n"})
    output = toolbox.call("test_code")
    assert "pytest -q: failed]" in output.text.splitlines()[0]
    assert (output.ok, output.exit_code) == (False, 1)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_node_projects_tests_are_run(toolbox: Toolbox) -> None:
    """By npm, in a folder of the workspace."""
    package = {"name": "x", "version": "1.0.0", "scripts": {"test": "node --test"}}
    test = "import('node:test').then(({test}) => test('works', () => {}))"
    lay(toolbox, {"web/package.json": json.dumps(package), "web/it.test.js": test})
    output = toolbox.call("test_code", working_directory="web")
    assert output.text.startswith("[npm test: passed]")
    assert output.ok


def test_an_explicit_command_and_no_command(toolbox: Toolbox) -> None:
    """What is given is run; what cannot be seen is asked for."""
    output = toolbox.call("test_code", command="echo 3 passed; exit 1")
    assert output.text == "[echo 3 passed; exit 1: failed]\n3 passed\n\n3 passed\n[exit code: 1]"
    with pytest.raises(ToolError, match="give the command"):
        toolbox.call("test_code")


@pytest.mark.parametrize(
    ("names", "package", "makefile", "command"),
    [
        (["package.json", "pyproject.toml"], '{"scripts": {"test": "vitest run"}}', "", ["npm", "test"]),
        (["package.json"], '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}', "", None),
        (["package.json"], "[]", "", None),
        (["package.json"], "{", "", None),
        (["go.mod"], "", "", ["go", "test", "./..."]),
        (["Cargo.toml"], "", "", ["cargo", "test"]),
        (["test_a.py"], "", "", ["python3", "-m", "pytest", "-q"]),
        (["Makefile"], "", "build:\n\ntest: build\n\tx\n", ["make", "test"]),
        (["Makefile"], "", "latest: x\n", None),
    ],
)
def test_the_command_is_chosen_by_the_files(
    names: list[str], package: str, makefile: str, command: list[str] | None
) -> None:
    """npm's own placeholder is no test; broken files are no reason to fail."""
    assert detect(names, package, makefile, "python3") == command


def test_totals_of_the_usual_runners_are_found() -> None:
    """pytest, jest, node, go, cargo."""
    output = "noise\n==== 2 failed, 3 passed in 0.1s ====\nTests:       1 failed, 2 total\nok  \tpkg\t0.1s\ntest result: ok. 3 passed"
    assert len(summary_lines(output)) == 4
