"""Images written without a builder, and what is sent to the node."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from cluster.embedded import transfer
from cluster.scratch_image import BinaryImage, write_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The docker-archive of a one-binary image."""
    binary = tmp_path / "server"
    binary.write_bytes(b"\x7fELF not really")
    binary.chmod(0o700)
    image = BinaryImage("localhost/test/server:dev", binary, "/usr/bin/server", arguments=("-x",), user="1000")
    return write_archive(image, tmp_path / "image.tar")


def _members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        return {entry.name: (opened.extractfile(entry) or io.BytesIO()).read() for entry in opened if entry.isfile()}


def _sent(archive: Path, present: Path) -> dict[str, bytes]:
    output = io.BytesIO()
    with tarfile.open(archive) as opened:
        transfer.send_archive(opened, "localhost/test/server:dev", present, output)
    return _members(output.getvalue())


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_image_names_its_entry_point_and_its_layer_by_digest(archive: Path) -> None:
    """containerd refuses an image whose `diff_ids` are not the digests of its layers."""
    members = _members(archive.read_bytes())
    manifest = json.loads(members["manifest.json"])[0]
    config = json.loads(members[manifest["Config"]])
    assert config["config"]["Entrypoint"] == ["/usr/bin/server", "-x"]
    assert config["config"]["User"] == "1000"
    assert config["rootfs"]["diff_ids"] == [_digest(members["layer.tar"])]


def test_binary_is_executable_for_all_and_owned_by_root(archive: Path) -> None:
    """The pod's user is not the one who built the binary, and the builder's name has no place in an image."""
    with tarfile.open(fileobj=io.BytesIO(_members(archive.read_bytes())["layer.tar"])) as layer:
        entry = layer.getmember("usr/bin/server")
    assert (entry.mode, entry.uid, entry.gid, entry.uname, entry.mtime) == (0o755, 0, 0, "", 0)


def test_same_binary_gives_the_same_image(archive: Path, tmp_path: Path) -> None:
    """The node recognises an image by its digest."""
    image = BinaryImage(
        "localhost/test/server:dev", tmp_path / "server", "/usr/bin/server", arguments=("-x",), user="1000"
    )
    assert write_archive(image, tmp_path / "again.tar").read_bytes()[-2000:] == archive.read_bytes()[-2000:]


def _is_complete(sent: dict[str, bytes]) -> None:
    entry = json.loads(sent["index.json"])["manifests"][0]
    assert entry["annotations"] == {"io.containerd.image.name": "localhost/test/server:dev"}
    manifest = sent[f"blobs/sha256/{entry['digest'].removeprefix('sha256:')}"]
    assert _digest(manifest) == entry["digest"]
    for blob in [json.loads(manifest)["config"], *json.loads(manifest)["layers"]]:
        content = sent[f"blobs/sha256/{blob['digest'].removeprefix('sha256:')}"]
        assert (_digest(content), len(content)) == (blob["digest"], blob["size"])


def test_sent_archive_is_a_complete_oci_image(archive: Path, tmp_path: Path) -> None:
    """Index, manifest, config and layer refer to one another by digests of what is really there."""
    _is_complete(_sent(archive, present=tmp_path))


def test_layer_that_the_node_has_is_not_sent(archive: Path, tmp_path: Path) -> None:
    """Most of a gigabyte stays the same from build to build."""
    whole = _sent(archive, present=tmp_path)
    layer = _digest(_members(archive.read_bytes())["layer.tar"]).removeprefix("sha256:")
    (tmp_path / layer).touch()
    assert set(whole) - set(_sent(archive, present=tmp_path)) == {f"blobs/sha256/{layer}"}


def test_layout_is_sent_under_the_image_s_name_without_what_is_a_link(archive: Path, tmp_path: Path) -> None:
    """A link stands for a layer that the node has; all the rest is sent as it is."""
    layout, node = tmp_path / "layout", tmp_path / "node"
    for name, content in _sent(archive, present=tmp_path).items():
        (layout / name).parent.mkdir(parents=True, exist_ok=True)
        (layout / name).write_bytes(content)
    whole = io.BytesIO()
    transfer.send_layout(layout, "localhost/test/server:dev", whole)
    _is_complete(_members(whole.getvalue()))

    layer = layout / "blobs" / "sha256" / _digest(_members(archive.read_bytes())["layer.tar"]).removeprefix("sha256:")
    layer.rename(node)
    layer.symlink_to(node)
    rest = io.BytesIO()
    transfer.send_layout(layout, "localhost/test/server:dev", rest)
    assert set(_members(whole.getvalue())) - set(_members(rest.getvalue())) == {f"blobs/sha256/{layer.name}"}
