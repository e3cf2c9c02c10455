"""What a build borrows from this machine, and that its traces are found."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import IO

import pytest
from images.builders import Builder, parse_size
from images.catalog import Image

from images import buildhome, machine, verification

_PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


def test_environment_wins_over_pips_files() -> None:
    """As in pip itself; what is no matter of connection (`find-links`, a path here) stays out."""
    listing = ":env:.index-url='https://b.example/simple'\nglobal.index-url='https://a.example/simple'\n"
    listing += "global.timeout='180'\nglobal.find-links='/opt/wheels'\n"
    assert machine.parse_pip_settings(listing) == {"index-url": "https://b.example/simple", "timeout": "180"}


def test_public_registries_are_no_trace() -> None:
    """Only what is this machine's own may not be in an image."""
    settings = machine.BuildSettings(
        pip={"index-url": "https://mirror.example/simple https://pypi.org/simple"},
        npm={"registry": "https://registry.npmjs.org/"},
        ca_bundle=None,
        proxies=("http://proxy.example:3128",),
    )
    assert settings.hosts() == {"mirror.example", "proxy.example"}


def test_machine_without_settings_lends_nothing() -> None:
    """The same build as with plain Docker."""
    assert buildhome.files_of(machine.BuildSettings({}, {}, None, ())) == {}


def test_lent_bundle_is_named_in_every_tools_own_file(tmp_path: Path) -> None:
    """pip, npm, curl and git find the CA bundle without any variable, which would stay in the image."""
    bundle = tmp_path / "ca.crt"
    bundle.write_text("PEM")
    home = tmp_path / "home"
    home.mkdir()
    buildhome.write(home, machine.BuildSettings({"timeout": "9"}, {}, bundle, ()))
    assert (home / "build-ca.crt").read_text() == "PEM"
    for name in (".config/pip/pip.conf", ".npmrc", ".curlrc", ".gitconfig"):
        assert "/root/build-ca.crt" in (home / name).read_text(), name


def test_own_certificates_are_those_that_debian_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle of a machine holds the public authorities too, and every image may hold those."""
    public = tmp_path / "public"
    public.mkdir()
    (public / "known.crt").write_text(_PEM.format("AAAA\nknownSignature\nBB=="))
    monkeypatch.setattr(machine, "_PUBLIC_CERTIFICATES", public)
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(_PEM.format("AAAA\nknownSignature\nBB==") + _PEM.format("AAAA\nownSignature\nBB=="))
    assert machine.own_certificates(bundle) == ["ownSignature"]


def test_trace_across_two_chunks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are read in pieces, and a name may lie across their border."""
    monkeypatch.setattr(verification, "_CHUNK", 10)
    assert verification.search(io.BytesIO(b"0123456mirror.example...."), {b"mirror.example": "host"}) == ["host"]
    assert verification.search(io.BytesIO(b"0123456mirror.exampl....."), {b"mirror.example": "host"}) == []


class _ArchiveBuilder(Builder):
    """A builder whose only image is a given archive."""

    name = "archive"

    def __init__(self, archive: bytes) -> None:
        self._archive = archive

    def build(self, image: Image, root: Path) -> None:
        raise NotImplementedError

    def export(self, reference: str, archive: Path) -> None:
        archive.write_bytes(self._archive)

    def send(self, reference: str, present: Path, output: IO[bytes]) -> None:
        raise NotImplementedError

    def _inspect(self, reference: str) -> tuple[dict[str, str], int] | None:
        return None


def _tar(files: dict[str, bytes]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return output.getvalue()


@pytest.mark.parametrize("layer_name", ["0a1b.tar", "0a1b/layer.tar", "blobs/sha256/0a1b"])
def test_traces_are_found_in_layers_names_and_configuration(layer_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file of a layer, as a file's name, and in the image's history, in both builders' archive formats."""
    monkeypatch.setattr(verification, "needles", lambda: {b"build-ca.crt": "the CA bundle"})
    layer = _tar({"etc/pip.conf": b"cert = /root/build-ca.crt", "root/build-ca.crt": b"", "etc/os-release": b"Debian"})
    archive = _tar({layer_name: layer, "config.json": b'{"history": ["PIP_CERT=/root/build-ca.crt"]}'})
    found = verification.traces(_ArchiveBuilder(archive), "any")
    assert found == [
        "etc/pip.conf: the CA bundle",
        "root/build-ca.crt: in the file's name",
        "config.json: the CA bundle",
    ]


def test_sizes_as_buildah_prints_them() -> None:
    """For the table."""
    assert (parse_size("298 MB"), parse_size("1.25 GB"), parse_size("12 B")) == (298_000_000, 1_250_000_000, 12)
