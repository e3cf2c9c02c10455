"""Every way a clone fails has its own reason, and a sentence without the credential."""

import socket

import pytest
from agentjob_api.reasons import Reason
from agentjob_runtime.prepare.diagnosis import diagnose
from integration.prepare.conftest import PrepareRun
from support.git_server import GitServer
from support.loopback import free_port


def test_a_host_that_does_not_exist_is_unreachable(prepare: PrepareRun, quick: None) -> None:
    """The name cannot be resolved."""
    reason, message = prepare.fail("http://no-such-host.invalid/app.git")
    assert reason is Reason.REPOSITORY_UNREACHABLE
    assert "no-such-host.invalid" in message


def test_a_port_nobody_listens_on_is_unreachable_after_bounded_tries(prepare: PrepareRun, quick: None) -> None:
    """Tried three times, each retry logged."""
    reason, _ = prepare.fail(f"http://127.0.0.1:{free_port()}/app.git")
    assert reason is Reason.REPOSITORY_UNREACHABLE
    assert prepare.log.count("again in") == 2


def test_a_host_that_never_answers_is_given_up(prepare: PrepareRun, quick: None) -> None:
    """It takes connections and says nothing: the time for all of prepare is over, and git is killed."""
    prepare.seconds = "1"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reason, message = prepare.fail(f"http://127.0.0.1:{silent.getsockname()[1]}/app.git")
    assert reason is Reason.REPOSITORY_UNREACHABLE
    assert "within 1 seconds" in message
    assert "git ls-remote" in message


def test_the_time_holds_for_all_tries_together(prepare: PrepareRun) -> None:
    """A pause that would not end in time is not begun."""
    prepare.pauses, prepare.seconds = "0.01,3600", "60"
    reason, message = prepare.fail(f"http://127.0.0.1:{free_port()}/app.git")
    assert reason is Reason.REPOSITORY_UNREACHABLE
    assert "within 60 seconds" in message
    assert prepare.log.count("again in") == 1


def test_a_server_without_tls_behind_https_is_unreachable(prepare: PrepareRun, host: GitServer, quick: None) -> None:
    """The handshake fails."""
    host.add("app", {"a": "1"})
    reason, _ = prepare.fail(host.url("app").replace("http://", "https://"))
    assert reason is Reason.REPOSITORY_UNREACHABLE


def test_a_server_that_recovers_is_tried_again(prepare: PrepareRun, host: GitServer, quick: None) -> None:
    """503 once, then the repository."""
    host.add("app", {"a": "1"})
    host.failure, host.failures_left = 503, 1
    prepare.clone(host.url("app"))
    assert (prepare.paths.workspace / "a").read_text() == "1"


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_is_unauthorized(prepare: PrepareRun, host: GitServer, status: int) -> None:
    """Not tried again: it would be refused again."""
    host.add("app", {"a": "1"})
    host.failure = status
    reason, message = prepare.fail(host.url("app"))
    assert reason is Reason.REPOSITORY_UNAUTHORIZED
    assert "refused the credential" in message
    assert "again in" not in prepare.log


def test_a_missing_or_wrong_password_is_unauthorized(prepare: PrepareRun, host: GitServer) -> None:
    """And appears nowhere."""
    host.add("app", {"a": "1"})
    host.users = {"me": "right"}
    assert prepare.fail(host.url("app"))[0] is Reason.REPOSITORY_UNAUTHORIZED
    prepare.username, prepare.password = "me", "wrong-s3cret"
    reason, message = prepare.fail(host.url("app"))
    assert reason is Reason.REPOSITORY_UNAUTHORIZED
    assert "wrong-s3cret" not in prepare.log + message


def test_an_unknown_repository_is_not_found(prepare: PrepareRun, host: GitServer) -> None:
    """404."""
    reason, message = prepare.fail(host.url("nothing"))
    assert reason is Reason.REPOSITORY_NOT_FOUND
    assert host.url("nothing") in message


@pytest.mark.parametrize(
    "ref", ["no-such-branch", "0123456789012345678901234567890123456789", "abcdef12", "a..b", "--upload-pack=x"]
)
def test_an_unknown_or_impossible_ref_is_not_found(prepare: PrepareRun, host: GitServer, ref: str) -> None:
    """Names, commits and things that would be an option of git's."""
    host.add("app", {"a": "1"})
    reason, message = prepare.fail(host.url("app"), ref)
    assert reason is Reason.REF_NOT_FOUND
    assert ref in message


def test_a_repository_larger_than_the_workspace_is_told(prepare: PrepareRun, host: GitServer) -> None:
    """Before the kubelet evicts the pod for it, which would look like a disruption."""
    host.add("app", {"a": "x" * 100_000})
    prepare.workspace_bytes = 50_000
    reason, message = prepare.fail(host.url("app"))
    assert reason is Reason.WORKSPACE_FULL
    assert "workspace.size" in message


@pytest.mark.parametrize(
    "url", ["https://me:token@example.com/app.git", "ssh://example.com/app.git", "file:///etc", "http:///app.git"]
)
def test_other_urls_are_refused(prepare: PrepareRun, url: str) -> None:
    """A credential in the URL would end up in objects and logs; other schemes run programs or read files."""
    reason, message = prepare.fail(url)
    assert reason is Reason.PREPARE_FAILED
    assert "repository.url" in message
    assert "token" not in message


def test_a_full_disk_is_the_workspace_s(prepare: PrepareRun) -> None:
    """ENOSPC while fetching or checking out, in git's words."""
    words = "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output\n"
    assert diagnose(words).reason is Reason.WORKSPACE_FULL
