"""Turns images into OCI archives that hold only what the node does not have yet.

Layers make up nearly all of an image, and most of them stay the same from build to build. Formats:
https://github.com/opencontainers/image-spec (image-layout, manifest), and `docker save`'s manifest.json.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
# containerd names an imported image by this annotation.
_NAME_ANNOTATION = "io.containerd.image.name"


@dataclass(frozen=True)
class _Layer:
    entry: tarfile.TarInfo
    digest: str


def send_layout(layout: Path, image: str, output: IO[bytes]) -> None:
    """Writes the OCI image layout in `layout` to `output`, under the name `image`; links stand for what the node has."""
    blobs = layout / "blobs" / "sha256"
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = (layout / _path(entry["digest"])).read_bytes()
    with tarfile.open(fileobj=output, mode="w|") as stream:
        _add_head(stream, manifest, image)
        for blob in sorted(blobs.iterdir()):
            if not blob.is_symlink():
                stream.add(blob, _path(blob.name))


def send_archive(archive: tarfile.TarFile, image: str, present: Path, output: IO[bytes]) -> None:
    """Writes a docker-archive to `output`, under the name `image`, without the layers that are files in `present`."""
    described = json.loads(_read(archive, "manifest.json"))[0]
    config = _read(archive, described["Config"])
    layers = _layers(archive, described["Layers"], json.loads(config)["rootfs"]["diff_ids"])
    manifest = _manifest(config, layers)
    with tarfile.open(fileobj=output, mode="w|") as stream:
        _add_head(stream, manifest, image)
        for blob in (config, manifest):
            _add(stream, _path(_digest(blob)), blob)
        for layer in {layer.digest: layer for layer in layers}.values():
            if not (present / layer.digest.removeprefix("sha256:")).exists():
                entry = tarfile.TarInfo(_path(layer.digest))
                entry.size = layer.entry.size
                stream.addfile(entry, archive.extractfile(layer.entry))


def _layers(archive: tarfile.TarFile, names: list[str], digests: list[str]) -> list[_Layer]:
    # `diff_ids` are the digests of the uncompressed layers, which is how both builders write them into the archive.
    return [_Layer(_resolved(archive, name), digest) for name, digest in zip(names, digests, strict=True)]


def _resolved(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    entry = archive.getmember(name)
    if not (entry.issym() or entry.islnk()):
        return entry
    target = entry.linkname.removeprefix("../") if entry.issym() else entry.linkname
    return archive.getmember(target)


def _manifest(config: bytes, layers: list[_Layer]) -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": _descriptor(_CONFIG_TYPE, _digest(config), len(config)),
        "layers": [_descriptor(_LAYER_TYPE, layer.digest, layer.entry.size) for layer in layers],
    }
    return json.dumps(document).encode()


def _add_head(stream: tarfile.TarFile, manifest: bytes, image: str) -> None:
    _add(stream, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
    _add(stream, "index.json", _index(manifest, image))


def _path(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _index(manifest: bytes, image: str) -> bytes:
    entry = _descriptor(_MANIFEST_TYPE, _digest(manifest), len(manifest))
    return json.dumps({"schemaVersion": 2, "manifests": [{**entry, "annotations": {_NAME_ANNOTATION: image}}]}).encode()


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(name)
    if content is None:
        raise tarfile.ReadError(f"{name} is not a file")
    return content.read()


def _add(stream: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    stream.addfile(entry, io.BytesIO(content))
