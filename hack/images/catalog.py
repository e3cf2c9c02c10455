"""The project's images: a folder with a Dockerfile each, in build order, with the digest of what each is made of."""

from __future__ import annotations

import graphlib
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError

from images import context, dockerfile

_FOLDERS = ("images", "tests/images")
REPOSITORY_PREFIX = "localhost/agentjob"
BASES = frozenset({"foundation", "agent-tools"})
"""No pod runs these: others are built on them, and bring their layers along."""


@dataclass(frozen=True)
class Image:
    """One image: `content` changes when a file it is made of, its Dockerfile, or an image below it changes."""

    name: str
    file: Path
    inputs: dockerfile.Inputs
    content: str
    parents: tuple[str, ...]

    @property
    def reference(self) -> str:
        """The tag it is built as."""
        return reference_of(self.name)


def reference_of(name: str) -> str:
    """The tag of the image called `name`."""
    return f"{REPOSITORY_PREFIX}/{name}:dev"


def read(root: Path) -> dict[str, Image]:
    """All images of the repository at `root` by name, each after those it is built on; ClusterError for a cycle."""
    files = {file.parent.name: file for folder in _FOLDERS for file in sorted(root.glob(f"{folder}/*/Dockerfile"))}
    inputs = {name: dockerfile.read_inputs(file.read_text()) for name, file in files.items()}
    parents = {name: _parents(read_inputs, set(files)) for name, read_inputs in inputs.items()}
    ignore_file = root / ".dockerignore"
    rules = context.IgnoreRules(ignore_file.read_text() if ignore_file.exists() else "")
    images: dict[str, Image] = {}
    for name in _build_order(parents):
        copied = context.files_of(root, inputs[name].sources, rules)
        below = [images[parent].content for parent in parents[name]]
        content = context.digest_of(root, [files[name], *copied], *below)
        images[name] = Image(name, files[name], inputs[name], content, parents[name])
    return images


def _parents(inputs: dockerfile.Inputs, names: set[str]) -> tuple[str, ...]:
    return tuple(
        sorted(names & {dockerfile.image_name(name) for name in inputs.images if name != dockerfile.BASE_ARGUMENT})
    )


def _build_order(parents: dict[str, tuple[str, ...]]) -> list[str]:
    try:
        return list(graphlib.TopologicalSorter(parents).static_order())
    except graphlib.CycleError as error:
        raise ClusterError(f"the images are built on one another in a circle: {error.args[1]}") from error


def with_parents(images: dict[str, Image], names: list[str]) -> list[Image]:
    """The named images (all when there are none) and those below them, in build order; ClusterError for an unknown."""
    unknown = sorted(set(names) - set(images))
    if unknown:
        raise ClusterError(f"unknown image {unknown[0]!r}; there are: {', '.join(sorted(images))}")
    wanted = set(names or images)
    for image in reversed(images.values()):
        if image.name in wanted:
            wanted.update(image.parents)
    return [image for image in images.values() if image.name in wanted]
