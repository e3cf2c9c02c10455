"""Copies built images into the local cluster's node, unless they are there already."""

from __future__ import annotations

from functools import partial

from cluster import facts, kindcluster
from cluster.embedded import images as node_images
from cluster.embedded.access import DATA, require_supervisor
from cluster.errors import ClusterError

from images.builders import Builder
from images.catalog import Image


def load(builder: Builder, image: Image) -> bool:
    """Whether the image had to be copied; ClusterError when there is no cluster or the image was not built."""
    content = builder.content_of(image.reference)
    if not content:
        raise ClusterError(f"{image.name} is not built: run `make images`")
    kind = facts.read().get("KIND")
    if kind is None:
        raise ClusterError("the cluster is not running; start it with `make cluster-up`")
    if kind == "kind":
        kindcluster.load(image.reference)
        return True
    supervisor = require_supervisor()
    if node_images.loaded(supervisor).get(image.reference) == content:
        return False
    send = partial(builder.send, image.reference, DATA.blobs)
    node_images.import_image(supervisor, image.reference, content, send)
    return True
