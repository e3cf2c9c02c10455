"""Images in the embedded cluster's containerd: the ones it needs itself, and importing any other."""

from __future__ import annotations

import shutil
from pathlib import Path

from cluster import paths, toolbuild
from cluster.commands import run
from cluster.embedded import configs, dns, layout
from cluster.errors import PrerequisiteError
from cluster.scratch_image import BinaryImage, write_archive

MINIO_IMAGE = "localhost/agentjob/minio:dev"
_DIGEST_LABEL = "agentjob.io/content"


def ctr(supervisor: int, *arguments: str | Path) -> str:
    """Runs containerd's client on the cluster's containerd, through the root folder of its supervisor."""
    socket = f"/proc/{supervisor}/root{layout.CONTAINERD_SOCKET}"
    return run("ctr", "--address", socket, "--namespace", "k8s.io", *arguments)


def import_archive(supervisor: int, archive: Path, image: str, content: str) -> None:
    """Imports a docker-archive and remembers `content`, a digest of what it was made of, on the image."""
    ctr(supervisor, "images", "import", archive)
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
            import_archive(supervisor, archive, image.name, stamp)
