"""Looks for traces of the building machine in a built image: every byte of every file of every layer."""

from __future__ import annotations

import os
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cluster import paths
from cluster.embedded.addons import outside_resolvers

from images import machine
from images.builders import Builder

_CHUNK = 8 << 20
_RESOLVERS = Path("/etc/resolv.conf")


def needles() -> dict[bytes, str]:
    """What may not be found, with what it is: hosts of registries and proxies, certificates, names of this machine."""
    settings = machine.read_settings()
    found = {host.encode(): f"registry or proxy {host}" for host in settings.hosts()}
    found[b"build-ca.crt"] = "the CA bundle lent to the build"
    found[str(paths.REPOSITORY).encode() + b"/"] = "the checkout's path"
    if settings.ca_bundle is not None:
        found |= {
            line.encode(): "a CA certificate of this machine" for line in machine.own_certificates(settings.ca_bundle)
        }
    resolvers = outside_resolvers([_RESOLVERS.read_text()] if _RESOLVERS.exists() else [])
    found |= {resolver.encode(): "this machine's name server" for resolver in resolvers}
    # Short names, such as `vm`, are in every image by chance.
    name = os.environ.get("HOSTNAME") or socket.gethostname()
    return found | ({name.encode(): "this machine's name"} if len(name) >= 6 else {})


def traces(builder: Builder, reference: str) -> list[str]:
    """One line per trace: the file and what was found in it. Empty for a clean image."""
    wanted = needles()
    with builder.exported(reference) as image:
        return [line for entry in image for line in _entry_traces(image, entry, wanted)]


def _entry_traces(image: tarfile.TarFile, entry: tarfile.TarInfo, wanted: dict[bytes, str]) -> Iterator[str]:
    content = image.extractfile(entry) if entry.isfile() else None
    if content is None:
        return
    if not entry.name.endswith((".tar", "layer.tar")) and not entry.name.startswith("blobs/"):
        yield from (f"{entry.name}: {what}" for what in search(content, wanted))
        return
    with tarfile.open(fileobj=content) as layer:
        for file in layer:
            yield from (f"{file.name}: {what}" for what in _file_traces(layer, file, wanted))


def _file_traces(layer: tarfile.TarFile, file: tarfile.TarInfo, wanted: dict[bytes, str]) -> list[str]:
    if any(needle in file.name.encode() for needle in wanted):
        return ["in the file's name"]
    content = layer.extractfile(file) if file.isfile() else None
    return search(content, wanted) if content is not None else []


def search(content: IO[bytes], wanted: dict[bytes, str]) -> list[str]:
    """What of `wanted` occurs in a stream, also across the borders of the chunks in which it is read."""
    overlap = max(len(needle) for needle in wanted) - 1
    found: set[str] = set()
    tail = b""
    while chunk := content.read(_CHUNK):
        window = tail + chunk
        found.update(what for needle, what in wanted.items() if needle in window)
        tail = window[-overlap:]
    return sorted(found)
