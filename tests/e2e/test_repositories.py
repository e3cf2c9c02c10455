"""Repositories served over HTTP in the cluster: what is cloned, with which credential, and what is said when it cannot be."""

from pathlib import Path
from typing import Any

import pytest
from agentjob_api.pod import Container
from agentjob_api.reasons import Reason

from e2e.support import expect
from e2e.support.api import Json
from e2e.support.download import download
from e2e.support.gitrepos import OPEN_URL, PASSWORD, PRIVATE_URL, USERNAME, Repositories
from e2e.support.script import after, call, done, sh, task, wait_for
from e2e.support.store import Store
from e2e.support.tenant import Tenant, agentjob, status

README = task(sh("cat README.md; git status --porcelain; git log --oneline | head -3"), after(done(), exit_code=0))
REFS = {"head": None, "branch": "feature/one", "tag": "v1.0"}
CREDENTIAL: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "git"},
    "stringData": {"username": USERNAME, "password": PASSWORD},
}
WRONG_CREDENTIAL = {**CREDENTIAL, "metadata": {"name": "git-wrong"}, "stringData": {"password": "not-the-password"}}


def _clone(name: str, url: str, script: str = README, **repository: Any) -> Json:
    return agentjob(name, script, repository={"url": url, **{key: value for key, value in repository.items() if value}})


MARKDOWN_TESTS = "python3 -m unittest discover tests"
MARKDOWN_TEST_COUNT = 1026
MARKDOWN = task(
    call("list_files", path="markdown", depth=1),
    after(call("read_file", path="markdown/__meta__.py"), contains="core.py"),
    after(call("search_files", pattern="def version|__version_info__", path="markdown"), contains="__version_info__"),
    call(
        "edit_file",
        path="markdown/__meta__.py",
        old_string="__version__ = _get_version(__version_info__)",
        new_string='__version__ = _get_version(__version_info__) + "+agentjob"',
    ),
    sh(f"git diff --stat && {MARKDOWN_TESTS}", 600),
    after(
        sh("python3 -c 'import markdown; print(markdown.__version__)'"),
        contains=f"Ran {MARKDOWN_TEST_COUNT} tests",
        exit_code=0,
    ),
    after(
        sh("git -c user.name=agent -c user.email=agent@example.org commit -qam 'Mark the version'"),
        contains="+agentjob",
    ),
    after(done("Marked the version; the project's tests pass."), exit_code=0),
)

CASES = {
    "git": CREDENTIAL,
    "git-wrong": WRONG_CREDENTIAL,
    **{name: _clone(name, f"{OPEN_URL}/small.git", ref=ref) for name, ref in REFS.items()},
    "submodule": _clone("submodule", f"{OPEN_URL}/with-submodule.git", submodules=True),
    "markdown": _clone("markdown", f"{OPEN_URL}/markdown.git", MARKDOWN),
    "private": _clone(
        "private",
        f"{PRIVATE_URL}/small.git",
        task(wait_for("/tmp/go"), done()),
        credentialsSecretRef={"name": "git"},
    ),
    "no-host": _clone("no-host", "http://git.no-such-host.invalid/small.git"),
    "no-repository": _clone("no-repository", f"{OPEN_URL}/no-such.git"),
    "no-ref": _clone("no-ref", f"{OPEN_URL}/small.git", ref="no-such-branch"),
    "no-commit": _clone("no-commit", f"{OPEN_URL}/small.git", ref="0" * 40),
    "no-credential": _clone("no-credential", f"{PRIVATE_URL}/small.git"),
    "wrong-credential": _clone(
        "wrong-credential", f"{PRIVATE_URL}/small.git", credentialsSecretRef={"name": "git-wrong"}
    ),
}


@pytest.mark.parametrize(("name", "content"), [("head", "main"), ("branch", "feature"), ("tag", "released")])
def test_the_ref_is_checked_out(fleet: Tenant, tmp_path: Path, name: str, content: str) -> None:
    """The remote's HEAD, a branch with a slash in its name, and an annotated tag."""
    job = fleet.finished(name)
    expect.succeeded(job)
    assert download(job, tmp_path).read("README.md").decode() == f"{content}\n"


def test_a_commit_is_checked_out(fleet: Tenant, repositories: Repositories, tmp_path: Path) -> None:
    """A commit that is no branch's tip, as a user pins it."""
    fleet.apply(_clone("commit", f"{OPEN_URL}/small.git", ref=repositories.first_commit))
    job = fleet.finished("commit")
    expect.succeeded(job)
    assert download(job, tmp_path).read("README.md") == b"first\n"


def test_submodules_are_cloned_when_asked(fleet: Tenant, tmp_path: Path) -> None:
    """A relative submodule URL is resolved against the repository's own."""
    job = fleet.finished("submodule")
    expect.succeeded(job)
    assert download(job, tmp_path).read("vendored/README.md") == b"main\n"


def test_a_real_project_is_changed_and_tested(fleet: Tenant, tmp_path: Path) -> None:
    """The acceptance run: clone a project of several hundred files, read, edit, run its own tests, download the result."""
    job = fleet.finished("markdown")
    expect.succeeded(job)
    assert status(job)["result"] == "Marked the version; the project's tests pass."
    archive = download(job, tmp_path)
    assert len([name for name in archive.names() if not name.startswith(".git/")]) > 300
    folder = archive.unpack(tmp_path / "unpacked")
    assert '+ "+agentjob"' in (folder / "markdown" / "__meta__.py").read_text()
    assert (folder / ".git").is_dir()


def test_the_credential_is_nowhere_but_in_prepare(fleet: Tenant, store: Store, tmp_path: Path) -> None:
    """A private repository is cloned, and the token that did it is out of reach of agent, logs, events and archive."""
    fleet.said("private", "holding-go")
    everything = (
        r"env; cat /proc/*/environ 2>/dev/null; grep -rsh . /etc/agentjob /run/agentjob /workspace /home/agent /tmp"
    )
    seen = [fleet.exec("private", "sh", "-c", f"{everything}; cat /workspace/.git/config; true")]
    fleet.exec("private", "touch", "/tmp/go")
    job = fleet.finished("private")
    expect.succeeded(job)
    spec = fleet.pods("private")[0]["spec"]
    there = [one["name"] for one in spec["initContainers"] + spec["containers"]]
    seen += [fleet.logs("private", Container(name)) for name in there]
    seen += [store.read(job, name).decode(errors="replace") for name in store.names_of(job) if "workspace" not in name]
    seen += [str(fleet.pods("private")), str(job), str(fleet.api.items(fleet.path("events")))]
    folder = download(job, tmp_path).unpack(tmp_path / "unpacked")
    seen += [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    assert (folder / "README.md").read_text() == "main\n"
    assert [text[:200] for text in seen if PASSWORD in text] == []


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("no-host", Reason.REPOSITORY_UNREACHABLE, ["no-such-host"]),
        ("no-repository", Reason.REPOSITORY_NOT_FOUND, ["no-such.git"]),
        ("no-ref", Reason.REF_NOT_FOUND, ["no-such-branch"]),
        ("no-commit", Reason.REF_NOT_FOUND, ["0000000"]),
        ("no-credential", Reason.REPOSITORY_UNAUTHORIZED, ["credential"]),
        ("wrong-credential", Reason.REPOSITORY_UNAUTHORIZED, ["credential"]),
    ],
)
def test_a_repository_that_cannot_be_cloned_is_explained(
    fleet: Tenant, name: str, reason: Reason, words: list[str]
) -> None:
    """Each cause has its own reason, the message names what to correct, and no agent ran."""
    job = fleet.finished(name)
    expect.failed(job, reason, *words)
    expect.not_archived(job)
    assert "startTime" not in status(job)
    assert "not-the-password" not in str(status(job)) + fleet.logs(name, Container.PREPARE)
