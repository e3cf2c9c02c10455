"""A pod's port on this machine, as `kubectl port-forward` gives it to a person."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from e2e.support.shell import environment, tool

_FIRST_LINE = "Forwarding from 127.0.0.1:"


@contextmanager
def forwarded(namespace: str, pod: str, port: int) -> Iterator[str]:
    """The base URL, without a slash at its end. Raises `AssertionError` when the port cannot be forwarded."""
    command = [tool("kubectl"), "-n", namespace, "port-forward", f"pod/{pod}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            assert line.startswith(_FIRST_LINE), line
            yield f"http://localhost:{line.removeprefix(_FIRST_LINE).split()[0]}"
        finally:
            process.terminate()
