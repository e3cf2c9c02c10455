"""Images in the embedded cluster's containerd: the ones it needs itself, and importing any other."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from cluster import console, paths, toolbuild
from cluster.commands import run, succeeds
from cluster.embedded import configs, dns, layout, transfer
from cluster.embedded.access import DATA
from cluster.errors import ClusterError, PrerequisiteError
from cluster.scratch_image import BinaryImage, write_archive

MINIO_IMAGE = "localhost/agentjob/minio:dev"
_DIGEST_LABEL = "agentjob.io/content"


def _client(supervisor: int, *arguments: str | Path) -> list[str]:
    # Through the root folder of the supervisor: the socket lies in the cluster's own /run.
    socket = f"/proc/{supervisor}/root{layout.CONTAINERD_SOCKET}"
    # An import whose `up` was killed must not go on against the cluster that comes next.
    bound = ["setpriv", "--pdeathsig", "KILL"]
    return [*bound, "ctr", "--address", socket, "--namespace", "k8s.io", *(str(argument) for argument in arguments)]


def ctr(supervisor: int, *arguments: str | Path) -> str:
    """Runs containerd's client on the cluster's containerd; returns what it printed."""
    return run(*_client(supervisor, *arguments))


def answers(supervisor: int) -> bool:
    """Whether the cluster's containerd serves; for a moment it does not when it was started again."""
    return succeeds(*_client(supervisor, "version"))


def import_image(supervisor: int, image: str, content: str, send: Callable[[IO[bytes]], None]) -> None:
    """Imports the OCI archive that `send` writes, and remembers `content`, a digest of what it was made of, on the image."""
    command = _client(supervisor, "images", "import", "-")
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said) as importer,
    ):
        if importer.stdin is None:
            raise ClusterError("ctr was started without a standard input")
        try:
            send(importer.stdin)
        except BrokenPipeError:
            console.say("containerd stopped reading")  # why is in its exit code and what it said
        importer.stdin.close()
        if importer.wait() != 0:
            said.seek(0)
            raise ClusterError(f"containerd cannot import {image}: {said.read().decode(errors='replace').strip()}")
    ctr(supervisor, "images", "label", image, f"{_DIGEST_LABEL}={content}")


def loaded(supervisor: int) -> dict[str, str]:
    """The images that were imported here, each with its `content`."""
    found: dict[str, str] = {}
    for line in ctr(supervisor, "images", "list").splitlines()[1:]:
        words = line.split()
        for label in words[-1].split(","):
            key, _, value = label.partition("=")
            if key == _DIGEST_LABEL:
                found[words[0]] = value
    return found


def system_images() -> list[BinaryImage]:
    """The images the cluster brings along: pause, CoreDNS and, for the chart, MinIO."""
    binaries = toolbuild.ensure_binaries("coredns", "minio")
    catatonit = shutil.which("catatonit")
    if catatonit is None:
        raise PrerequisiteError("catatonit is missing; install it with: apt-get install catatonit")
    return [
        BinaryImage(configs.PAUSE_IMAGE, Path(catatonit), "/pause", arguments=("-P",)),
        BinaryImage(dns.IMAGE, binaries["coredns"], "/coredns"),
        BinaryImage(MINIO_IMAGE, binaries["minio"], "/usr/bin/minio", user="1000:1000"),
    ]


def ensure_system_images(supervisor: int) -> None:
    """Imports the system images that are not there yet; their archives are kept in the cache."""
    present = loaded(supervisor)
    for image in system_images():
        # The binary's folder carries its pinned version; catatonit's size and time stand for its own.
        stamp = f"{image.binary.stat().st_size}-{image.binary.stat().st_mtime_ns}"
        archive = paths.cache_folder() / "images" / f"{image.target.rsplit('/', 1)[-1]}-{stamp}.tar"
        if not archive.exists():
            archive.parent.mkdir(parents=True, exist_ok=True)
            write_archive(image, archive)
        if present.get(image.name) != stamp:
            with tarfile.open(archive) as opened:
                send = partial(transfer.send_archive, opened, image.name, DATA.blobs)
                import_image(supervisor, image.name, stamp, send)
