"""The two builders, docker and buildah: the same Dockerfiles, the same tags."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cluster import console
from cluster.commands import finished, run
from cluster.embedded import transfer
from cluster.errors import PrerequisiteError
from cluster.kindcluster import docker_answers

from images import baseimage, buildhome, catalog, machine
from images.catalog import Image

CONTENT_LABEL = "io.agentjob.content"
_AS_THEY_ARE = "--dest-oci-accept-uncompressed-layers"
"""The node has layers by the digests that they have here: not compressed."""


class Builder(ABC):
    """Builds, looks up and exports images by their reference."""

    name: str

    @abstractmethod
    def build(self, image: Image, root: Path) -> None:
        """Builds and tags the image; ClusterError with the builder's output when it fails."""

    @abstractmethod
    def export(self, reference: str, archive: Path) -> None:
        """Writes the image as a docker-archive."""

    @abstractmethod
    def send(self, reference: str, present: Path, output: IO[bytes]) -> None:
        """Writes the image as an OCI archive, without the layers that are files in `present`, named by their SHA-256."""

    @abstractmethod
    def _inspect(self, reference: str) -> tuple[dict[str, str], int] | None:
        """Labels and size in bytes; None when there is no such image."""

    @contextmanager
    def exported(self, reference: str) -> Iterator[tarfile.TarFile]:
        """The image's docker-archive, opened; it is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="agentjob-image.") as folder:
            archive = Path(folder) / "image.tar"
            self.export(reference, archive)
            with tarfile.open(archive) as opened:
                yield opened

    def content_of(self, reference: str) -> str:
        """The content digest the image was built from, or an empty string."""
        found = self._inspect(reference)
        return found[0].get(CONTENT_LABEL, "") if found else ""

    def size_of(self, reference: str) -> int:
        """Bytes of the image's layers, uncompressed; 0 when there is no such image."""
        found = self._inspect(reference)
        return found[1] if found else 0


def _arguments(image: Image) -> list[str]:
    words = [f"--build-arg={name}={catalog.reference_of(parent)}" for name, parent in _parent_arguments(image)]
    return [
        *words,
        f"--label={CONTENT_LABEL}={image.content}",
        f"--tag={image.reference}",
        f"--file={image.file}",
    ]


def _parent_arguments(image: Image) -> list[tuple[str, str]]:
    return [(f"{parent.upper().replace('-', '_')}_IMAGE", parent) for parent in image.parents]


class DockerBuilder(Builder):
    """A Docker engine with its own settings for proxies and registries."""

    name = "docker"

    def build(self, image: Image, root: Path) -> None:
        run("docker", "build", "--quiet", *_arguments(image), root)

    def export(self, reference: str, archive: Path) -> None:
        run("docker", "save", "--output", archive, reference)

    def send(self, reference: str, present: Path, output: IO[bytes]) -> None:
        with self.exported(reference) as archive:
            transfer.send_archive(archive, reference, present, output)

    def _inspect(self, reference: str) -> tuple[dict[str, str], int] | None:
        shown = finished(["docker", "image", "inspect", reference])
        if shown.returncode != 0:
            return None
        document = json.loads(shown.stdout)[0]
        return document["Config"].get("Labels") or {}, int(document["Size"])


class BuildahBuilder(Builder):
    """buildah without any daemon or user namespace; this machine's settings are lent to the build."""

    name = "buildah"

    def build(self, image: Image, root: Path) -> None:
        baseimage.ensure()
        before, containers = self._identifier(image.reference), self._containers()
        with tempfile.TemporaryDirectory(prefix="agentjob-build-home.") as home:
            buildhome.write(Path(home), machine.read_settings())
            options = ("--quiet", "--isolation=chroot", "--layers", "--pull=false", f"--volume={home}:/root")
            run("buildah", "bud", *options, *_arguments(image), root)
        # buildah keeps the container of a stage that is only copied from, and with it that image for ever.
        parents = {catalog.reference_of(parent) for parent in image.parents}
        if left := [
            each for each, origin in self._containers().items() if origin in parents and each not in containers
        ]:
            run("buildah", "rm", *left)
        # The build before lost its tag; its layers that this one does not share would fill the disk.
        if before and before != self._identifier(image.reference):
            removed = finished(["buildah", "rmi", before])
            if removed.returncode != 0:
                console.say(f"the earlier build of {image.name} stays: {removed.stderr.strip()}")

    def _containers(self) -> dict[str, str]:
        """Working containers, each with the reference of its image."""
        return {entry["id"]: entry["imagename"] for entry in json.loads(run("buildah", "containers", "--json")) or []}

    def _identifier(self, reference: str) -> str:
        listed = finished(["buildah", "images", "--quiet", "--no-trunc", reference])
        return listed.stdout.strip() if listed.returncode == 0 else ""

    def export(self, reference: str, archive: Path) -> None:
        run("buildah", "push", "--quiet", reference, f"docker-archive:{archive}:{reference}")

    def send(self, reference: str, present: Path, output: IO[bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix="agentjob-load.") as folder:
            blobs = Path(folder) / "blobs" / "sha256"
            blobs.mkdir(parents=True)
            # What is there is not written again: nearly all of a gigabyte, whatever has changed.
            for blob in present.iterdir():
                (blobs / blob.name).symlink_to(blob)
            run(
                "skopeo",
                "copy",
                "--quiet",
                _AS_THEY_ARE,
                f"containers-storage:{reference}",
                f"oci:{folder}:{reference}",
            )
            transfer.send_layout(Path(folder), reference, output)

    def _inspect(self, reference: str) -> tuple[dict[str, str], int] | None:
        listed = finished(["buildah", "images", "--json", reference])
        shown = finished(["buildah", "inspect", "--type", "image", reference])
        if listed.returncode != 0 or shown.returncode != 0:
            return None
        labels = json.loads(shown.stdout)["OCIv1"]["config"].get("Labels") or {}
        return labels, parse_size(json.loads(listed.stdout)[0]["size"])


def parse_size(text: str) -> int:
    """Bytes of a size as buildah prints it (`1.2 GB`, decimal units)."""
    number, unit = text.split()
    return int(float(number) * {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}[unit.upper()])


def find_builder() -> Builder:
    """Docker when an engine answers, else buildah; PrerequisiteError when there is neither."""
    if docker_answers():
        return DockerBuilder()
    if shutil.which("buildah") is None:
        raise PrerequisiteError("no Docker engine answers and buildah is missing: run `make prereqs`, or start Docker")
    return BuildahBuilder()
