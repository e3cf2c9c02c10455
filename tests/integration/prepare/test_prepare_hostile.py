"""A repository, a server or a redirect that is after the credential, or wants to run something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from agentjob_api.job_config import RepositoryConfig
from agentjob_api.reasons import Reason
from integration.prepare.conftest import PrepareRun
from support.git_server import GitServer, git, running_git_server

SECRET = "t0ken-s3cret"


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[GitServer]:
    """Another host."""
    with running_git_server(tmp_path / "stranger") as server:
        yield server


@pytest.fixture
def private(host: GitServer, prepare: PrepareRun) -> Path:
    """A repository `app` that wants the credential that prepare has."""
    tree = host.add("app", {"a.txt": "1"})
    host.users = {"me": SECRET}
    prepare.username, prepare.password = "me", f"{SECRET}\n"
    return tree


def left_behind(prepare: PrepareRun) -> list[Path]:
    """Files below the root that hold the secret."""
    files = [path for path in prepare.root.rglob("*") if path.is_file()]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


def test_the_credential_opens_the_repository_and_is_left_nowhere(
    prepare: PrepareRun, host: GitServer, private: Path
) -> None:
    """Not in the workspace, its .git/config, the run folder, the log (which shows every command line)."""
    prepare.clone(host.url("app"))
    assert (prepare.paths.workspace / "a.txt").read_text() == "1"
    assert left_behind(prepare) == []
    assert SECRET not in prepare.log
    assert "credential" not in (prepare.paths.workspace / ".git/config").read_text()


def test_a_token_alone_is_enough(prepare: PrepareRun, host: GitServer, private: Path) -> None:
    """The user name that GitHub wants is the default."""
    host.users = {"x-access-token": SECRET}
    prepare.username = ""
    prepare.clone(host.url("app"))


def test_the_credential_does_not_follow_a_redirect(
    prepare: PrepareRun, host: GitServer, private: Path, stranger: GitServer
) -> None:
    """Another host that asks for a password, after a redirect, gets none."""
    stranger.add("app", {"a.txt": "other"})
    stranger.users = {"me": SECRET}
    host.redirect = f"http://127.0.0.1:{stranger.port}"
    reason, _ = prepare.fail(host.url("app"))
    assert reason is Reason.REPOSITORY_UNAUTHORIZED
    assert stranger.requests
    assert [seen.authorization for seen in stranger.requests if seen.authorization] == []


def test_a_submodule_elsewhere_does_not_get_the_credential(
    prepare: PrepareRun, host: GitServer, private: Path, stranger: GitServer
) -> None:
    """On the same host it does, which a submodule of the same project needs."""
    stranger.add("spy", {"spy.txt": "1"})
    host.users = {}
    host.add("library", {"lib.txt": "library"})
    git(private, "submodule", "add", "-q", host.url("library"), "library")
    host.commit(private, {}, "own submodule")
    host.push(private)
    host.users = {"me": SECRET}
    prepare.clone(host.url("app"), submodules=True)
    assert (prepare.paths.workspace / "library/lib.txt").exists()

    git(private, "submodule", "add", "-q", stranger.url("spy"), "spy")
    host.commit(private, {}, "foreign submodule")
    host.push(private)
    stranger.users = {"me": SECRET}
    reason, _ = prepare.fail(host.url("app"), submodules=True)
    assert reason is Reason.REPOSITORY_UNAUTHORIZED
    assert [seen.authorization for seen in stranger.requests if seen.authorization] == []


@pytest.mark.parametrize("url", ["file:///etc", "ext::sh -c 'touch /tmp/never'", "ssh://127.0.0.1/x", "LOCAL"])
def test_submodules_of_other_schemes_are_refused(prepare: PrepareRun, host: GitServer, url: str) -> None:
    """`ext::` runs a program, `file://` reads the container's disk."""
    tree = host.add("app", {"a.txt": "1"})
    host.add("library", {"lib.txt": "library"})
    git(tree, "submodule", "add", "-q", host.url("library"), "library")
    url = str(host.root / "library.git") if url == "LOCAL" else url
    git(tree, "config", "-f", ".gitmodules", "submodule.library.url", url)
    host.commit(tree, {}, "submodule")
    host.push(tree)
    reason, message = prepare.fail(host.url("app"), submodules=True)
    assert reason is Reason.PREPARE_FAILED
    assert "not allowed" in message or "ignoring suspicious" in message or "No url found" in message


def test_nothing_that_the_repository_brings_is_run(prepare: PrepareRun, host: GitServer) -> None:
    """Filters, submodule commands, hooks in the tree: names without a configuration that the repository could bring."""
    marker = prepare.root / "ran"
    attributes = "*.txt filter=lfs diff=evil merge=evil\n"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = {host.url("x")}\n\tupdate = !touch {marker}\n'
    files = {
        ".gitattributes": attributes,
        "a.txt": "1",
        "hooks/post-checkout": f"#!/bin/sh\ntouch {marker}\n",
        ".gitconfig": f"[core]\n\tfsmonitor = touch {marker}\n",
    }
    tree = host.add("app", files)
    prepare.clone(host.url("app"), submodules=True)
    host.commit(tree, {".gitmodules": modules}, "update = !command")
    host.push(tree)
    prepare.run(RepositoryConfig(url=host.url("app"), submodules=True))
    assert not marker.exists()


def test_engine_configuration_of_the_repository_stays_for_an_engine_that_ignores_it(
    prepare: PrepareRun, host: GitServer
) -> None:
    """`Builtin` reads none of it, and it is a part of the project that the agent works on."""
    host.add("app", {".mcp.json": "{}", ".claude/settings.json": "{}"})
    prepare.clone(host.url("app"))
    assert (prepare.paths.workspace / ".mcp.json").exists()
