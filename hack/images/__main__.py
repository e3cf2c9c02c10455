"""Command line of the images: `python3 -m images build|load|verify [NAME ...]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from cluster import console, paths, prerequisites
from cluster.errors import ClusterError
from cluster.locking import exclusive

from images import builders, catalog, loading, verification
from images.builders import Builder
from images.catalog import Image


def build_parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    parser = argparse.ArgumentParser(
        prog="python3 -m images", description="Builds the container images and loads them into the local cluster."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in {
        "build": "build the images that changed, and those they are built on",
        "load": "copy the images that changed into the cluster",
        "verify": "fail when an image holds a trace of this machine (registries, proxies, CA certificates)",
    }.items():
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "names", nargs="*", metavar="NAME", help="folders of images/ or tests/images/; default: all"
        )
    return parser


def main(arguments: list[str]) -> int:
    """Runs one command; returns its exit code."""
    prerequisites.extend_path()
    options = build_parser().parse_args(arguments)
    try:
        images = catalog.read(paths.REPOSITORY)
        selected = catalog.with_parents(images, options.names)
        builder = builders.find_builder()
        with exclusive(paths.cache_folder() / "images.lock", "building or loading images"):
            return _COMMANDS[options.command](builder, selected, options.names)
    except (ClusterError, FileNotFoundError) as error:
        console.complain(str(error))
        return 1


def _build(builder: Builder, images: list[Image], _names: list[str]) -> int:
    rows = []
    for number, image in enumerate(images, start=1):
        started, state = time.monotonic(), "unchanged"
        if builder.content_of(image.reference) != image.content:
            with console.step(f"building {image.name} with {builder.name} ({number} of {len(images)})"):
                builder.build(image, paths.REPOSITORY)
            state = f"built in {time.monotonic() - started:.0f} s"
        rows.append((image.reference, f"{builder.size_of(image.reference) / 1e6:.0f} MB", state))
    _print_table(rows)
    return 0


def _load(builder: Builder, images: list[Image], names: list[str]) -> int:
    rows = []
    for image in images:
        if image.name not in names if names else image.name in catalog.BASES:
            continue
        started = time.monotonic()
        with console.step(f"loading {image.name}"):
            copied = loading.load(builder, image)
        state = f"loaded in {time.monotonic() - started:.0f} s" if copied else "in the cluster already"
        rows.append((image.reference, f"{builder.size_of(image.reference) / 1e6:.0f} MB", state))
    _print_table(rows)
    return 0


def _verify(builder: Builder, images: list[Image], names: list[str]) -> int:
    rows = []
    for image in images:
        if names and image.name not in names:
            continue
        with console.step(f"searching {image.name} for traces of this machine"):
            found = verification.traces(builder, image.reference)
        rows += [(image.reference, trace) for trace in found] or [(image.reference, "clean")]
    _print_table(rows)
    return 0 if all(row[1] == "clean" for row in rows) else 1


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


_COMMANDS = {"build": _build, "load": _load, "verify": _verify}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
