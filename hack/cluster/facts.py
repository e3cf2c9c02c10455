"""The only things about the cluster that the rest of the project sees: `.cluster/kubeconfig`, `env` and `bin/`."""

from __future__ import annotations

from pathlib import Path

from cluster import paths
from cluster.kubeconfig import write_private

ENV_FILE = paths.CLUSTER_FOLDER / "env"
_BIN = paths.CLUSTER_FOLDER / "bin"


def write(kubeconfig: str | None, values: dict[str, str], tools: dict[str, Path]) -> None:
    """Writes the facts of a running cluster; a `kubeconfig` of None was written by kind itself."""
    paths.CLUSTER_FOLDER.mkdir(exist_ok=True)
    if kubeconfig is not None:
        write_private(paths.KUBECONFIG, kubeconfig)
    _BIN.mkdir(exist_ok=True)
    for name, target in tools.items():
        link(_BIN / name, target)
    named = {name.upper().replace("-", "_"): str(_BIN / name) for name in tools}
    everything = {**values, "KUBECONFIG": str(paths.KUBECONFIG), **named}
    write_private(ENV_FILE, "".join(f"{key}={value}\n" for key, value in everything.items()))


def read() -> dict[str, str]:
    """The values of `.cluster/env`; empty when there is no cluster."""
    if not ENV_FILE.exists():
        return {}
    lines = ENV_FILE.read_text().splitlines()
    return {key: value for key, _, value in (line.partition("=") for line in lines if line)}


def link(place: Path, target: Path) -> None:
    """Makes or moves a symbolic link; at no moment is there none."""
    temporary = place.with_name(f".{place.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.rename(place)
