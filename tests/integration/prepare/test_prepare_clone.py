"""What prepare leaves in the workspace, from a real Git host."""

import stat
from pathlib import Path

import pytest
from agentjob_api.pod import ExitCode
from integration.prepare.conftest import PrepareRun
from support.git_server import GitServer, git


def history(prepare: PrepareRun) -> int:
    """Commits that are there."""
    return int(git(prepare.paths.workspace, "rev-list", "--count", "--all"))


@pytest.fixture
def tree(host: GitServer) -> Path:
    """A repository `app` of three commits, a branch, a tag and a lightweight tag."""
    tree = host.add("app", {"a.txt": "1"})
    git(tree, "tag", "-a", "v1", "-m", "one")
    git(tree, "tag", "light")
    host.commit(tree, {"a.txt": "2"}, "second")
    git(tree, "checkout", "-q", "-b", "feature/x")
    host.commit(tree, {"a.txt": "feature"}, "third")
    git(tree, "checkout", "-q", "main")
    host.push(tree)
    return tree


def test_without_a_repository_the_workspace_is_empty_and_the_run_folder_laid_out(prepare: PrepareRun) -> None:
    """LOCK and EVENTS are empty files of our own user, the session's folder is there."""
    assert prepare.run(None) == ExitCode.SUCCESS
    paths = prepare.paths
    assert list(paths.workspace.iterdir()) == []
    for path in (paths.lock, paths.events):
        assert (path.stat().st_size, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert stat.S_IMODE(paths.session_dir.stat().st_mode) == 0o700
    assert sorted(path.name for path in paths.run_dir.iterdir()) == ["events.jsonl", "lock", "session"]


def test_the_default_branch_is_cloned_shallow(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """One commit, on a local branch that tracks the remote's, as after `git clone --depth 1`."""
    prepare.clone(host.url("app"))
    workspace = prepare.paths.workspace
    assert (workspace / "a.txt").read_text() == "2"
    assert history(prepare) == 1
    assert git(workspace, "status", "-sb").splitlines() == ["## main...origin/main"]
    assert git(workspace, "remote", "get-url", "origin") == host.url("app")


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("feature/x", ("feature", "feature/x")),
        ("refs/heads/feature/x", ("feature", "feature/x")),
        ("v1", ("1", "HEAD")),
        ("light", ("1", "HEAD")),
        ("refs/tags/v1", ("1", "HEAD")),
    ],
)
def test_branches_and_tags_are_checked_out_shallow(
    prepare: PrepareRun, host: GitServer, tree: Path, ref: str, expected: tuple[str, str]
) -> None:
    """A branch becomes a local branch, a tag a detached HEAD."""
    prepare.clone(host.url("app"), ref)
    content = (prepare.paths.workspace / "a.txt").read_text()
    assert (content, git(prepare.paths.workspace, "rev-parse", "--abbrev-ref", "HEAD")) == expected
    assert history(prepare) == 1


def test_a_branch_wins_over_a_tag_of_the_same_name(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """Git would call it ambiguous; the design says: branch, tag or commit, in this order."""
    git(tree, "branch", "both", "feature/x")
    git(tree, "tag", "both", "main")
    host.push(tree)
    prepare.clone(host.url("app"), "both")
    assert (prepare.paths.workspace / "a.txt").read_text() == "feature"


def test_a_commit_is_fetched_alone_where_the_server_gives_it(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """Protocol v2 servers give any commit that is reachable."""
    prepare.clone(host.url("app"), git(tree, "rev-parse", "main~1"))
    assert (prepare.paths.workspace / "a.txt").read_text() == "1"
    assert history(prepare) == 1


def test_a_server_that_refuses_commits_is_asked_for_everything(
    prepare: PrepareRun, host: GitServer, tree: Path
) -> None:
    """Old protocol without allowAnySHA1InWant: the fall-back works and is logged."""
    host.commit(tree, {"a.txt": "3"}, "fourth")
    host.push(tree)
    host.old_protocol = True
    prepare.clone(host.url("app"), git(tree, "rev-parse", "main~1"))
    assert (prepare.paths.workspace / "a.txt").read_text() == "2"
    assert "fetching everything" in prepare.log


def test_a_short_commit_id_is_found(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """Only the whole history can tell which commit begins so."""
    prepare.clone(host.url("app"), git(tree, "rev-parse", "main~1")[:8])
    assert (prepare.paths.workspace / "a.txt").read_text() == "1"


def test_other_refs_of_the_server_can_be_named_in_full(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """Such as a pull request's head."""
    git(tree, "push", "-q", "origin", "feature/x:refs/pull/7/head")
    prepare.clone(host.url("app"), "refs/pull/7/head")
    assert (prepare.paths.workspace / "a.txt").read_text() == "feature"


def test_an_empty_repository_is_a_start(prepare: PrepareRun, host: GitServer) -> None:
    """The agent can make the first commit."""
    git(host.root, "init", "-q", "--bare", "void.git")
    prepare.clone(host.url("void"))
    assert [path.name for path in prepare.paths.workspace.iterdir()] == [".git"]


def test_submodules_come_along_when_asked_for(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """And only then."""
    host.add("library", {"lib.txt": "library"})
    git(tree, "submodule", "add", "-q", "../library.git", "deps/library")
    host.commit(tree, {}, "submodule")
    host.push(tree)
    prepare.clone(host.url("app"))
    assert not (prepare.paths.workspace / "deps/library/lib.txt").exists()
    prepare.clone(host.url("app"), submodules=True)
    assert (prepare.paths.workspace / "deps/library/lib.txt").read_text() == "library"


def test_a_second_start_of_the_pod_begins_anew(prepare: PrepareRun, host: GitServer, tree: Path) -> None:
    """A recreated sandbox runs prepare again: what the agent left, hostile configuration included, is not used."""
    prepare.clone(host.url("app"))
    marker = prepare.root / "ran"
    paths = prepare.paths
    paths.started.touch()
    git(paths.workspace, "config", "core.fsmonitor", f"touch {marker}")
    (paths.workspace / "junk").mkdir()
    prepare.clone(host.url("app"))
    assert not marker.exists()
    assert sorted(path.name for path in paths.workspace.iterdir()) == [".git", "a.txt"]
    assert not paths.started.exists()
