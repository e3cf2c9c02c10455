"""Keeps the images of a cluster that ends for the next one: containerd's folder waits in the cache, without its containers.

Copying and unpacking the project's images takes minutes, renaming a folder no time. A machine has room for one cluster, so
one at most uses it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from cluster import console, paths
from cluster.commands import finished, run
from cluster.embedded import configs
from cluster.errors import ClusterError
from cluster.processes import Server, start_server

_START_SECONDS = 30.0
# What the CRI plugin and the shims of an ended cluster knew of its pods; images are in none of them.
_OF_PODS = ("io.containerd.grpc.v1.cri", "io.containerd.runtime.v2.task", "tmpmounts")


def take(folder: Path) -> None:
    """Moves what is kept, if anything, to where the new cluster's containerd looks."""
    if not _stored().is_dir():
        return
    try:
        _stored().rename(folder)
    except OSError as error:  # such as another file system: a copy would take as long as loading anew
        console.say(f"the images of an earlier cluster cannot be used: {error}")


def keep(folder: Path) -> None:
    """Moves the folder of an ended cluster's containerd into the cache. That it cannot is said, and costs the next cluster time."""
    if not (folder / "io.containerd.metadata.v1.bolt").is_dir():
        return
    try:
        _forget_pods(folder)
        _stored().parent.mkdir(parents=True, exist_ok=True)
        if _stored().exists():
            shutil.rmtree(_stored())
        folder.rename(_stored())
    except (ClusterError, OSError) as error:
        console.say(f"the images are not kept for the next cluster: {error}")


def _stored() -> Path:
    return paths.cache_folder() / "containerd"


def _forget_pods(folder: Path) -> None:
    """By a containerd alone: the next kubelet would find them, and would have to clear them away."""
    for name in _OF_PODS:
        shutil.rmtree(folder / name, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="agentjob-images.") as work:
        config, socket = Path(work) / "containerd.toml", Path(work) / "containerd.sock"
        config.write_text(configs.imagestore_config(folder, Path(work) / "state", socket))
        command = ["unshare", "--mount", "containerd", "--config", str(config)]
        server = start_server("containerd", command, Path(work) / "log")
        try:
            ctr = ("ctr", "--address", socket, "--namespace", "k8s.io")
            _wait(server, (*ctr, "version"))
            _delete(ctr, "containers", run(*ctr, "containers", "list", "--quiet").split())
            _delete(ctr, "leases", run(*ctr, "leases", "list", "--quiet").split())
            kinds = (line.split() for line in run(*ctr, "snapshots", "list").splitlines()[1:])
            _delete(ctr, "snapshots", [words[0] for words in kinds if words[-1] == "Active"])
        finally:
            server.stop()


def _delete(ctr: tuple[str | Path, ...], kind: str, names: list[str]) -> None:
    if names:
        run(*ctr, kind, "delete", *names)


def _wait(server: Server, question: tuple[str | Path, ...]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while finished(question).returncode != 0:
        server.check_alive()
        if time.monotonic() > deadline:
            raise ClusterError(f"containerd did not answer within {_START_SECONDS:.0f} s")
        time.sleep(0.05)
