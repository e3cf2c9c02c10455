"""The repositories that the Git server of the tests serves, made here and copied into its pod."""

import io
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from e2e.support import shell
from e2e.support.paths import REPOSITORIES, cache_folder

OPEN_URL = "http://gitserver.agentjob-e2e.svc:8080/git"
PRIVATE_URL = "http://gitserver.agentjob-e2e.svc:8080/private"
USERNAME, PASSWORD = "agent", "s3cret-token"
"""What `tests/images/gitserver/users` lets in under /private/."""
MARKDOWN_VERSION = "3.10"
"""PyPI's Markdown: a real project of some 400 files whose tests need nothing but Python."""

_IDENTITY = {
    **{f"GIT_{who}_{what}": f"e2e{at}" for who in ("AUTHOR", "COMMITTER") for what, at in (("NAME", ""), ("EMAIL", "@example.org"))},
    **{f"GIT_{who}_DATE": "2026-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": "/usr/local/bin:/usr/bin:/bin",
}  # fmt: skip


@dataclass(frozen=True)
class Repositories:
    """What the tests must know of the repositories on the server."""

    first_commit: str
    """Commit of small.git before tag v1.0, on no branch's tip."""


def make_repositories(folder: Path) -> Repositories:
    """Bare repositories under `folder`: small.git, with-submodule.git, markdown.git, and one of each in e2e/repositories."""
    first = _small(folder)
    _with_submodule(folder)
    source = markdown_source(folder / "unpacked")
    _commit_all(source, "Markdown as released")
    _bare(source, folder / "bare" / "markdown.git")
    for shipped in sorted(REPOSITORIES.iterdir()):
        work = folder / shipped.name
        shutil.copytree(shipped, work)
        _commit_all(work, f"The {shipped.name}")
        _bare(work, folder / "bare" / f"{shipped.name}.git")
    return Repositories(first)


def copy_to_server(folder: Path, namespace: str, pod: str) -> None:
    """Unpacks the bare repositories in the server's pod."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder / "bare", arcname=".")
    shell.kubectl("-n", namespace, "exec", "-i", pod, "--", "tar", "-xz", "--no-same-owner", "--no-overwrite-dir",
                  "-C", "/srv/git", stdin=packed.getvalue())  # fmt: skip


def markdown_source(folder: Path) -> Path:
    """The unpacked source distribution; downloaded once, by pip, into the cache."""
    cache = cache_folder()
    archive = cache / f"markdown-{MARKDOWN_VERSION}.tar.gz"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        wanted = f"Markdown=={MARKDOWN_VERSION}"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(cache),
        ]
        subprocess.run([*command, wanted], check=True)
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / f"markdown-{MARKDOWN_VERSION}"


def _small(folder: Path) -> str:
    work = folder / "small"
    _write(work, "README.md", "first\n")
    first = _commit_all(work, "first")
    _write(work, "README.md", "released\n")
    _commit_all(work, "released")
    _git(work, "tag", "-a", "v1.0", "-m", "v1.0")
    _write(work, "README.md", "main\n")
    _commit_all(work, "main")
    _git(work, "checkout", "-q", "-b", "feature/one")
    _write(work, "README.md", "feature\n")
    _commit_all(work, "feature")
    _git(work, "checkout", "-q", "main")
    _bare(work, folder / "bare" / "small.git")
    return first


def _with_submodule(folder: Path) -> None:
    work = folder / "with-submodule"
    _write(work, "README.md", "outer\n")
    _git(
        work,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(folder / "bare" / "small.git"),
        "vendored",
    )
    # Relative, as real projects have it: the submodule lies beside the repository on the same server.
    _git(work, "config", "-f", ".gitmodules", "submodule.vendored.url", "../small.git")
    _commit_all(work, "outer")
    _bare(work, folder / "bare" / "with-submodule.git")


def _write(work: Path, name: str, text: str) -> None:
    if not work.exists():
        work.mkdir(parents=True)
        _git(work, "init", "-q", "-b", "main")
    (work / name).write_text(text)


def _commit_all(work: Path, message: str) -> str:
    if not (work / ".git").exists():
        _git(work, "init", "-q", "-b", "main")
    _git(work, "add", "-A", "-f")
    _git(work, "commit", "-q", "-m", message)
    return _git(work, "rev-parse", "HEAD").strip()


def _bare(work: Path, target: Path) -> None:
    _git(work, "clone", "-q", "--bare", "--no-hardlinks", str(work), str(target))


def _git(work: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=work, env=_IDENTITY, capture_output=True, text=True, check=True)
    return done.stdout
