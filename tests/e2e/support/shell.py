"""kubectl and helm as a person uses them, against the local cluster."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from e2e.support.paths import KUBECONFIG, TOOLS

CALL_SECONDS = 120


class CommandError(AssertionError):
    """A command failed; the message holds it and the end of what it printed."""


def tool(name: str) -> str:
    """Path of a program: the cluster's own copy, else the one in PATH. Raises `CommandError`."""
    own = TOOLS / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise CommandError(f"{name} is neither in {TOOLS} nor in PATH")
    return found


def run(name: str, *arguments: str, stdin: str | bytes = b"", seconds: float = CALL_SECONDS, check: bool = True) -> str:
    """Runs a program to its end and returns its output. Raises `CommandError` unless `check` is off."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [tool(name), *arguments], input=given, capture_output=True, env=environment(), timeout=seconds, check=False
    )
    output = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        errors = done.stderr.decode(errors="replace")
        raise CommandError(
            f"{name} {' '.join(arguments)} ended with {done.returncode}: {errors[-2000:]}{output[-500:]}"
        )
    return output


def kubectl(*arguments: str, stdin: str | bytes = b"", seconds: float = CALL_SECONDS, check: bool = True) -> str:
    """`kubectl …`: its output."""
    return run("kubectl", *arguments, stdin=stdin, seconds=seconds, check=check)


def refused(*arguments: str, stdin: str = "") -> str:
    """What kubectl says when the API server refuses. Raises `CommandError` when it does not."""
    done = subprocess.run(
        [tool("kubectl"), *arguments], input=stdin.encode(), capture_output=True, env=environment(), check=False
    )
    if done.returncode == 0:
        raise CommandError(f"kubectl {' '.join(arguments)} was accepted: {done.stdout.decode()}")
    return done.stderr.decode()


def log_lines(namespace: str, pod: str, container: str, seconds: float) -> Iterator[str]:
    """The lines of a container's log as they come, until it ends, the time is over, or the reader stops."""
    command = [tool("kubectl"), "-n", namespace, "logs", "-f", pod, "-c", container]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        end = threading.Timer(seconds, process.terminate)
        end.start()
        try:
            yield from process.stdout or ()
        finally:
            end.cancel()
            process.terminate()


def environment() -> dict[str, str]:
    """For programs that talk to the local cluster."""
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "KUBECONFIG": str(KUBECONFIG), "PATH": path}


def fresh_folder(path: Path) -> Path:
    """An empty folder at `path`, whatever lay there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
