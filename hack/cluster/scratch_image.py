"""Writes container images that hold one static binary, as a docker-archive, without any builder.

Format: the image tarball of `docker save` (https://github.com/moby/moby/blob/master/image/spec/v1.2.md).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class BinaryImage:
    """An image `name` with one executable at `target`, which is its entry point, and a world-writable /tmp."""

    name: str
    binary: Path
    target: str
    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ("PATH=/usr/bin", "HOME=/tmp")
    user: str = ""


def write_archive(image: BinaryImage, archive: Path) -> Path:
    """Writes the docker-archive, whole or not at all; the same binary gives the same bytes."""
    layer = archive.with_name(f".{archive.name}.{os.getpid()}.layer")
    partial = archive.with_name(f".{archive.name}.{os.getpid()}")
    _write_layer(image, layer)
    config = _config(image, _sha256(layer))
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [image.name], "Layers": ["layer.tar"]}]
    with tarfile.open(partial, "w") as output:
        _add_bytes(output, config_name, config)
        output.add(layer, "layer.tar", filter=_anonymous)
        _add_bytes(output, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()
    partial.rename(archive)
    return archive


def _write_layer(image: BinaryImage, layer: Path) -> None:
    with tarfile.open(layer, "w") as output:
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        output.addfile(temporary)
        output.add(image.binary, image.target.lstrip("/"), filter=_anonymous)


def _config(image: BinaryImage, layer_digest: str) -> bytes:
    settings = {"Entrypoint": [image.target, *image.arguments], "Env": list(image.environment), "User": image.user}
    machine = platform.machine()
    document = {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created_by": "hack/cluster"}],
    }
    return json.dumps(document, sort_keys=True).encode()


def _add_bytes(output: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    output.addfile(entry, io.BytesIO(content))


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime, entry.mode = 0, 0o755
    return entry


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
