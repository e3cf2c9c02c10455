"""Runs a command to its end and says what it said when it failed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from cluster.errors import ClusterError


def run(*command: str | Path, stdin: str | None = None) -> str:
    """Returns the command's stdout; ClusterError with its stderr when it fails."""
    done = finished(command, stdin=stdin)
    if done.returncode != 0:
        shown = " ".join(str(word) for word in command)
        raise ClusterError(f"`{shown}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    """Whether the command ends with exit code 0; its output is dropped."""
    return finished(command).returncode == 0


def finished(command: Sequence[str | Path], *, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The finished command, whatever its exit code."""
    return subprocess.run(
        [str(word) for word in command],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
    )
