"""Runs git so that neither a repository nor a server can make it do anything but fetch and check out."""

import logging
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from agentjob_runtime.prepare.credential import HELPER, Credential

_log = logging.getLogger(__name__)
_OUTPUT_MAX: Final = 1 << 20
"""Bytes of output kept, the last ones: a server can talk without end."""
_PASSED: Final = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "TMPDIR")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_OLD_FLAWS: Final = (
    "zeroPaddedFilemode",
    "badTimezone",
    "missingSpaceBeforeDate",
    "missingNameBeforeEmail",
    "missingEmail",
)
"""fsck messages about harmless objects that old, honest repositories are full of."""

SETTINGS: Final = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "transfer.fsckObjects": "true",
    **{f"fetch.fsck.{flaw}": "ignore" for flaw in _OLD_FLAWS},
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "http.followRedirects": "initial",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "init.defaultBranch": "main",
    # The volume's root belongs to root; git would refuse it as somebody else's.
    "safe.directory": "*",
}
"""git-config(1), given by environment: nothing of it ends up in the repository's own configuration."""


class OutOfTimeError(Exception):
    """The time for all commands together is over; the message names the command that it ended."""


class GitError(Exception):
    """git failed; `stderr` is its redacted output."""

    def __init__(self, stderr: str) -> None:
        super().__init__(stderr[-500:])
        self.stderr = stderr


def base_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What git gets of our environment: no secret, no configuration of anybody's."""
    kept = {name: env[name] for name in (*_PASSED, *_PROXIES) if name in env}
    return kept | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "http:https",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def settings_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Configuration as variables (git-config(1), GIT_CONFIG_COUNT)."""
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


@dataclass(frozen=True)
class Git:
    """git in one folder, with a credential for one origin or none."""

    folder: Path
    origin: str
    credential: Credential | None
    deadline: float = math.inf
    """By `time.monotonic()`: when every command is ended."""

    def run(self, *arguments: str, network: bool = False) -> str:
        """Standard output of one command; only with `network` it can reach the credential. Raises `GitError`, `OutOfTimeError`."""
        started = time.monotonic()
        left = max(0.0, self.deadline - started)
        try:
            code, output, errors = _execute(["git", *arguments], self.folder, self._environment(network), left)
        except subprocess.TimeoutExpired as error:
            raise OutOfTimeError(f"git {arguments[0]}") from error
        errors = self.credential.redact(errors) if self.credential else errors
        _log.info("git %s: exit %d, %.1f s", " ".join(arguments), code, time.monotonic() - started)
        if code != 0:
            _log.warning("git %s: %s", arguments[0], errors.strip()[-2000:])
            raise GitError(errors)
        return output

    def _environment(self, network: bool) -> dict[str, str]:
        settings, secret = dict(SETTINGS), {}
        if network and self.credential:
            settings[f"credential.{self.origin}.helper"] = HELPER
            secret = self.credential.environment()
        return base_environment(os.environ) | settings_environment(settings) | secret


def _execute(command: list[str], folder: Path, environment: dict[str, str], seconds: float) -> tuple[int, str, str]:
    """Raises `TimeoutExpired` when it had to be killed after `seconds`."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        output, errors = _Collected(process.stdout), _Collected(process.stderr)
        try:
            process.wait(None if math.isinf(seconds) else seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return process.returncode, output.text(), errors.text()


class _Collected:
    """The end of what a pipe gives, read by a thread of its own."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._data = bytearray()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        while piece := os.read(pipe.fileno(), 1 << 16):
            self._data += piece
            del self._data[:-_OUTPUT_MAX]

    def text(self) -> str:
        self._thread.join()
        return self._data.decode("utf-8", "replace")
