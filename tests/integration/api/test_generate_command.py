"""`python -m generate`, run as a process on a copy of the sources: `make verify` must fail on drift and name the file and the remedy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCES = ("crds", "charts", "docs", "hack", "manifests", "operator", "tests")

PYTHON_PATH = ("hack", "crds", "operator")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository's sources and generated files, to break."""
    for folder in SOURCES:
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_drift_is_named_with_its_remedy_and_generate_mends_it(checkout: Path) -> None:
    """An edited and a lost file; `--check` itself writes nothing."""
    assert _generate(checkout).returncode == 0
    crd, reference = checkout / "crds/agentjobs.yaml", checkout / "docs/api-reference.md"
    good = crd.read_text()
    crd.write_text(good + "# edited\n")
    reference.unlink()
    for _ in range(2):
        checked = _generate(checkout, "--check")
        assert checked.returncode == 1
        assert "out of date: crds/agentjobs.yaml (run: make generate)" in checked.stderr
        assert "out of date: docs/api-reference.md (run: make generate)" in checked.stderr
    assert _generate(checkout).returncode == 0
    assert crd.read_text() == good
    assert _generate(checkout, "--check").returncode == 0


def test_a_changed_model_is_drift(checkout: Path) -> None:
    """The models are the source, not the YAML."""
    assert _generate(checkout).returncode == 0
    spec = checkout / "crds/agentjob_api/spec.py"
    spec.write_text(spec.read_text().replace("le=10_000", "le=20_000"))
    checked = _generate(checkout, "--check")
    assert checked.returncode == 1
    assert "crds/agentjobs.yaml" in checked.stderr


def _generate(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": ":".join(str(checkout / folder) for folder in PYTHON_PATH)}
    command = [sys.executable, "-m", "generate", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
