"""Exclude patterns mean what `.gitignore` means by them."""

import os
import subprocess
from pathlib import Path

import pytest
from agentjob_api.workspace import DEFAULT_EXCLUDE
from agentjob_runtime.archive.errors import PatternError
from agentjob_runtime.archive.notes import Notes
from agentjob_runtime.archive.patterns import compile_excludes
from agentjob_runtime.archive.walk import Walk

FILES = (
    "a.txt", "a.pyc", "dist/x.js", "sub/dist/y.js", "sub/node_modules/m/i.js", "node_modules", "docs/a.pdf", "docs/deep/b.pdf",
    "build/out", "src/build", "a[b", "x-y/z", "é.md", "deep/a/b/c/d.log", "logs/1.log", "^", "a]c",
)  # fmt: skip
PATTERNS = (
    "*.pyc", "node_modules", "dist", "/dist", "dist/*", "docs/*.pdf", "docs/**/*.pdf", "**/b.pdf", "build/", "**/a", "deep/**",
    "deep/**/d.log", "?.txt", "[a-c].txt", "[!a].txt", "a[[]b", "\\a.txt", "*", "x[,-.]y", "[^a].txt", "é*", "logs/*.log", "sub/*/m",
    "[]]", "a[]]c", "**", "[\\^]", "*/*/y.js", "sub//dist",
)  # fmt: skip


def packed(root: Path, pattern: str) -> list[str]:
    """Files that are not left out."""
    entries = list(Walk(root, compile_excludes([pattern]), Notes()))
    for entry in entries:
        if entry.fd >= 0:
            os.close(entry.fd)
    return [os.fsdecode(entry.path) for entry in entries if entry.fd >= 0]


def kept_by_git(root: Path, pattern: str) -> list[str]:
    """Files that git would not ignore."""
    listed = ["git", "-c", "core.quotePath=false", "ls-files", "-z", "--others", f"--exclude={pattern}"]
    output = subprocess.run(listed, cwd=root, capture_output=True, check=True).stdout
    return sorted(os.fsdecode(name) for name in output.split(b"\0") if name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with a file for every trap."""
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".git").rename(tmp_path.parent / f"{tmp_path.name}.git")
    (tmp_path / ".git").write_text(f"gitdir: {tmp_path.parent / f'{tmp_path.name}.git'}")
    return tmp_path


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_git_means(root: Path, pattern: str) -> None:
    """Compared with `git ls-files --exclude`, which reads the same patterns."""
    ours = sorted(name for name in packed(root, pattern) if name != ".git")
    assert ours == kept_by_git(root, pattern)


@pytest.mark.parametrize(("pattern", "gone"), [("?.md", "é.md"), ("a[b", "a[b")])
def test_where_we_differ_from_git(root: Path, pattern: str, gone: str) -> None:
    """`?` is a character, not a byte; a bracket that is not closed stands for itself, where git matches nothing."""
    assert gone in packed(root, "nothing")
    assert gone not in packed(root, pattern)


@pytest.mark.parametrize("pattern", ["!keep", "/", "", "//"])
def test_what_cannot_be_honoured_is_refused(pattern: str) -> None:
    """Nothing that is accepted may be silently ignored."""
    with pytest.raises(PatternError):
        compile_excludes([pattern])


def test_the_defaults_of_the_api_are_understood(tmp_path: Path) -> None:
    """They leave out what can be made again, and keep the rest."""
    again = ("node_modules/x/y", "app/__pycache__/z.pyc", ".next/cache/w", "web/.next/cache/w")
    for name in (*again, ".git/HEAD", "src/main.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    kept = [os.fsdecode(e.path) for e in Walk(tmp_path, compile_excludes(DEFAULT_EXCLUDE), Notes())]
    assert kept == [".git", ".git/HEAD", ".next", "app", "src", "src/main.py", "web", "web/.next"]
