"""Turns a docker-archive into an OCI archive that holds only the layers the node does not have yet.

Layers make up nearly all of an image, and most of them stay the same from build to build. Formats:
https://github.com/opencontainers/image-spec (image-layout, manifest), and `docker save`'s manifest.json.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
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


def send(archive: tarfile.TarFile, image: str, present: set[str], output: IO[bytes]) -> None:
    """Writes the OCI archive of `image` to `output`, without the layers whose digests are `present` on the node."""
    described = json.loads(_read(archive, "manifest.json"))[0]
    config = _read(archive, described["Config"])
    layers = _layers(archive, described["Layers"], json.loads(config)["rootfs"]["diff_ids"])
    manifest = _manifest(config, layers)
    with tarfile.open(fileobj=output, mode="w|") as stream:
        _add(stream, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(stream, "index.json", _index(manifest, image))
        for blob in (config, manifest):
            _add(stream, f"blobs/sha256/{_digest(blob).removeprefix('sha256:')}", blob)
        for layer in {layer.digest: layer for layer in layers if layer.digest not in present}.values():
            entry = tarfile.TarInfo(f"blobs/sha256/{layer.digest.removeprefix('sha256:')}")
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
