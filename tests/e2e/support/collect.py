"""What is kept of a failed test: logs of operator and pods, objects and events, in a folder that the failure names."""

import re
from pathlib import Path

from e2e.support import shell
from e2e.support.paths import ARTIFACTS

MOST_PODS = 40
"""Whose logs are kept, per namespace."""
_KINDS = ("agentjobs", "jobs", "pods", "resourcequotas", "limitranges")
"""No Secrets: what is kept of a failure may be shown to anybody."""


def collect(test: str, namespaces: list[str], system: str) -> Path:
    """Fills `.artifacts/<test>` and returns it."""
    folder = shell.fresh_folder(ARTIFACTS / re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-")[:120])
    for namespace in [system, *namespaces]:
        _collect_namespace(folder / namespace, namespace)
    _keep(folder / "nodes.txt", "describe", "nodes")
    return folder


def _collect_namespace(folder: Path, namespace: str) -> None:
    folder.mkdir()
    for kind in _KINDS:
        _keep(folder / f"{kind}.yaml", "-n", namespace, "get", kind, "-o", "yaml")
    _keep(folder / "overview.txt", "-n", namespace, "get", "agentjobs,jobs,pods", "-o", "wide")
    _keep(folder / "events.txt", "-n", namespace, "get", "events", "--sort-by=.lastTimestamp")
    template = "{range .items[*]}{.metadata.name}{range .status['initContainerStatuses','containerStatuses'][*]}"
    listed = shell.kubectl(
        *("-n", namespace, "get", "pods", "-o"), 'jsonpath=' + template + '{" "}{.name}{":"}{.restartCount}{end}{"\\n"}{end}',
        check=False,
    )  # fmt: skip
    for line in listed.splitlines()[:MOST_PODS]:
        pod, *containers = line.split()
        for container in containers:
            _keep_logs(folder, namespace, pod, *container.split(":"))


def _keep_logs(folder: Path, namespace: str, pod: str, container: str, restarts: str) -> None:
    name = f"{pod}.{container}"
    _keep(folder / f"{name}.log", "-n", namespace, "logs", pod, "-c", container, "--timestamps", "--tail=5000")
    if restarts != "0":
        previous = ("logs", pod, "-c", container, "--previous", "--timestamps", "--tail=5000")
        _keep(folder / f"{name}.previous.log", "-n", namespace, *previous)


def _keep(path: Path, *arguments: str) -> None:
    path.write_text(shell.kubectl(*arguments, check=False) or f"(nothing from: kubectl {' '.join(arguments)})\n")
