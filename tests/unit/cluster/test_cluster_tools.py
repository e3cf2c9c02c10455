"""The cache of the pinned Go tools: what names it, and that a build is whole, once, and survives kills and leftovers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import paths, toolbuild
from cluster.errors import ClusterError
from cluster.toolset import KUBERNETES, KUBERNETES_VERSION, MODULES, ToolModule, modules_of

_TINY = ToolModule("tiny", {"hello": "example.org/tiny"}, {"main.greeting": "linked-in"})
_PROGRAM = 'package main\nvar greeting = "none"\nfunc main() { println(greeting) }\n'


@pytest.fixture
def tiny_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tool module of one small program, and an empty cache."""
    sources = tmp_path / "tools" / "tiny"
    sources.mkdir(parents=True)
    (sources / "go.mod").write_text("module example.org/tiny\n\ngo 1.21\n")
    (sources / "go.sum").write_text("")
    (sources / "main.go").write_text(_PROGRAM)
    monkeypatch.setattr(paths, "TOOL_MODULES", tmp_path / "tools")
    # Go's own cache stays where it is: the standard library need not be compiled for each test.
    compiled = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("GOCACHE", compiled)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return sources


def test_built_tool_runs_with_its_linked_values(tiny_module: Path) -> None:
    """Kubernetes and Helm are told their version at link time; without it Helm takes any cluster for 1.20."""
    binary = toolbuild.ensure([_TINY])["hello"]
    assert subprocess.run([binary], capture_output=True, text=True, check=True).stderr == "linked-in\n"


def test_leftover_of_a_killed_build_is_removed_and_not_taken_for_a_result(tiny_module: Path) -> None:
    """A build that was killed leaves its temporary folder; the next one must build, and clear it away."""
    leftover = toolbuild.folder_of(_TINY).parent / ".tiny.building.killed"
    leftover.mkdir(parents=True)
    (leftover / "hello").write_text("half a binary")
    binary = toolbuild.ensure([_TINY])["hello"]
    assert not leftover.exists()
    assert binary.stat().st_size > 100_000


def test_a_build_that_fails_says_why_and_caches_nothing(tiny_module: Path) -> None:
    """The compiler's message reaches the user, and the next run tries again."""
    (tiny_module / "main.go").write_text("package main\nfunc main() { undefined_function() }\n")
    with pytest.raises(ClusterError, match="undefined_function"):
        toolbuild.ensure([_TINY])
    assert not toolbuild.folder_of(_TINY).exists()


def test_two_processes_at_once_build_once(tiny_module: Path, tmp_path: Path) -> None:
    """`make -j` or two terminals: the second waits for the first one's result."""
    script = (
        "import sys; from pathlib import Path; from cluster import paths, toolbuild; "
        "from cluster.toolset import ToolModule; paths.TOOL_MODULES = Path(sys.argv[1]); "
        f"print(toolbuild.ensure([{_TINY!r}])['hello'])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "tools")]
    both = [
        subprocess.Popen(
            command, cwd=paths.REPOSITORY / "hack", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert (
        sum(stderr.count("building hello") for _, stderr in outputs)
        - sum(stderr.count("done: building hello") for _, stderr in outputs)
        == 1
    )


def test_cache_key_follows_the_pins(tiny_module: Path) -> None:
    """A new go.sum is a new version; binaries of the old one must not be used for it."""
    before = toolbuild.cache_key(_TINY, tiny_module)
    (tiny_module / "go.sum").write_text("example.org/other v1.0.0 h1:x=\n")
    assert toolbuild.cache_key(_TINY, tiny_module) != before


def test_cache_key_follows_sources_of_our_own(tiny_module: Path) -> None:
    """A tool that is written here is built anew when it changes."""
    before = toolbuild.cache_key(_TINY, tiny_module)
    (tiny_module / "main.go").write_text("package main\nfunc main() {}\n")
    assert toolbuild.cache_key(_TINY, tiny_module) != before


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_package_is_a_pinned_tool_of_its_module(module: ToolModule) -> None:
    """A package that is no `tool` of its go.mod would lose its requirements at the next `go mod tidy`."""
    text = (paths.TOOL_MODULES / module.name / "go.mod").read_text()
    for package in module.packages.values():
        if package == ".":
            assert (paths.TOOL_MODULES / module.name / "main.go").is_file()
            continue
        assert re.search(rf"^(tool |\t){re.escape(package)}$", text, re.MULTILINE), package


def test_kubernetes_version_is_the_pinned_one() -> None:
    """The version that is linked in and shown has to be the one that is built."""
    text = (paths.TOOL_MODULES / KUBERNETES.name / "go.mod").read_text()
    assert re.search(rf"^(require |\t)k8s.io/kubernetes v{re.escape(KUBERNETES_VERSION)}\b", text, re.MULTILINE)


def test_unknown_tool_is_named() -> None:
    """A typing error in `tools --only` names what there is."""
    with pytest.raises(ValueError, match=r"kubctl.*kubectl"):
        modules_of(["kubctl"])


def test_go_version_is_read_from_go_mod() -> None:
    """The message for an old Go names the version that go.mod asks for."""
    assert toolbuild.required_go("module x\n\ngo 1.25.0\n") == (1, 25)
