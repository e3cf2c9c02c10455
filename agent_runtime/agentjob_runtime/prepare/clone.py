"""Brings one ref of a repository into an existing, empty folder, with as little history as the server can be asked for."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from agentjob_api.job_config import RepositoryConfig
from agentjob_api.reasons import Reason

from agentjob_runtime.prepare.address import Address, parse_address
from agentjob_runtime.prepare.credential import Credential
from agentjob_runtime.prepare.diagnosis import Diagnosis, diagnose, sentence, shallow_refused
from agentjob_runtime.prepare.errors import PrepareError
from agentjob_runtime.prepare.git import Git, GitError, OutOfTimeError
from agentjob_runtime.prepare.probe import probe
from agentjob_runtime.prepare.refs import Branch, Commit, Named, Target, choose, is_name, questions

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
PAUSES: Final = (2.0, 6.0)
"""Seconds between the tries of a step that the network broke."""
SECONDS: Final = 1800.0
"""For everything together: tries, pauses, submodules. Of a silent host git itself hears after a minute (`http.lowSpeedTime`);
this is for one that drips, and for repositories too large for an agent's start."""
_EVERYTHING: Final = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


class Clone:
    """One repository on its way into `folder`. Every method raises `PrepareError`."""

    def __init__(
        self,
        repository: RepositoryConfig,
        folder: Path,
        credential: Credential | None,
        pauses: tuple[float, ...],
        seconds: float = SECONDS,
    ) -> None:
        self._repository, self._pauses, self._seconds = repository, pauses, seconds
        self._deadline = time.monotonic() + seconds
        self._address: Address = parse_address(repository.url)
        self._git = Git(folder, self._address.origin, credential, self._deadline)

    def run(self) -> None:
        """Everything: repository, ref, submodules."""
        try:
            self._run()
        except OutOfTimeError as error:
            raise self._too_slow(str(error)) from error

    def _run(self) -> None:
        ref = self._repository.ref
        if ref is not None and not is_name(ref):
            raise self._no_such_ref()
        self._local("init", "-q")
        self._local("remote", "add", "origin", self._address.url)
        listing = self._network(lambda: self._ask("ls-remote", "--symref", "origin", *questions(ref)))
        target = choose(ref, listing)
        if target is not None:
            self._network(lambda: self._fetch(target))
            self._check_out(target)
        elif ref is not None:
            raise self._no_such_ref()
        else:
            _log.info("the repository is empty")
        if target is not None and self._repository.submodules:
            self._network(self._submodules)

    def _fetch(self, target: Target) -> None:
        if isinstance(target, Commit) and not target.whole:
            _log.info("%s is not a whole commit id: fetching everything", target.id)
            self._fetch_everything()
            return
        try:
            self._ask("fetch", "-q", "--depth=1", "--no-tags", "origin", _refspec(target))
        except GitError as error:
            if not shallow_refused(error.stderr):
                raise
            _log.info("the server does not give %s by itself: fetching everything", target)
            self._fetch_everything()

    def _fetch_everything(self) -> None:
        self._ask("fetch", "-q", "origin", *_EVERYTHING)

    def _check_out(self, target: Target) -> None:
        if isinstance(target, Branch):
            self._local("checkout", "-q", "-B", target.name, "--track", f"refs/remotes/origin/{target.name}")
            self._local("symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{target.name}")
            return
        wanted = target.id if isinstance(target, Commit) else _local_name(target)
        try:
            commit = self._git.run("rev-parse", "-q", "--verify", "--end-of-options", f"{wanted}^{{commit}}").strip()
        except GitError as error:
            raise self._no_such_ref() from error
        self._local("checkout", "-q", "--detach", commit)

    def _submodules(self) -> None:
        """One commit each where the servers allow it. The credential is only good for the repository's own host."""
        update = ("submodule", "update", "--init", "--recursive", "--force")
        try:
            self._ask(*update, "--depth=1")
        except GitError as error:
            if not shallow_refused(error.stderr):
                raise
            _log.info("a server does not give a submodule's commit by itself: fetching everything")
            self._ask(*update)

    def _ask(self, *arguments: str) -> str:
        return self._git.run(*arguments, network=True)

    def _local(self, *arguments: str) -> None:
        try:
            self._git.run(*arguments)
        except GitError as error:
            raise self._failed(diagnose(error.stderr)) from error

    def _network(self, step: Callable[[], _T]) -> _T:
        """Runs a step, again when the network broke it, as often as there are pauses."""
        for pause in (*self._pauses, None):
            diagnosis = probe(self._address)
            if diagnosis is None:
                try:
                    return step()
                except GitError as error:
                    diagnosis = diagnose(error.stderr)
            if not diagnosis.transient or pause is None:
                raise self._failed(diagnosis)
            if time.monotonic() + pause >= self._deadline:
                raise self._too_slow(diagnosis.detail)
            _log.warning("%s; again in %.0f s", diagnosis.detail, pause)
            time.sleep(pause)
        raise AssertionError("the last pause is None")

    def _failed(self, diagnosis: Diagnosis) -> PrepareError:
        if diagnosis.reason is Reason.REF_NOT_FOUND:
            return self._no_such_ref()
        return PrepareError(diagnosis.reason, sentence(diagnosis, self._address.url))

    def _too_slow(self, detail: str) -> PrepareError:
        return PrepareError(
            Reason.REPOSITORY_UNREACHABLE,
            f"The Git host did not give the repository {self._address.url} within {self._seconds:g} seconds, "
            f"which is all the time there is for it (at last: {detail}).",
        )

    def _no_such_ref(self) -> PrepareError:
        return PrepareError(
            Reason.REF_NOT_FOUND,
            f"The repository {self._address.url} has no branch, tag or commit {self._repository.ref!r}, "
            "or more than one commit that begins so.",
        )


def _refspec(target: Target) -> str:
    match target:
        case Branch(name):
            return f"+refs/heads/{name}:refs/remotes/origin/{name}"
        case Named(name):
            return f"+{name}:{_local_name(target)}"
        case Commit(id):
            return id


def _local_name(target: Named) -> str:
    """Tags keep their name; whatever else a server has (`refs/pull/1/head`) must not land among our own refs."""
    return target.name if target.name.startswith("refs/tags/") else f"refs/remotes/origin/{target.name}"
