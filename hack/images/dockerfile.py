"""What the build of an image depends on, read from its Dockerfile. Pure.

Known are the instructions that name inputs: `ARG NAME_IMAGE=…` (another image), `COPY` and `ADD` (files of the context).
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass

BASE_ARGUMENT = "BASE_IMAGE"
_CONTINUATION = re.compile(r"\\\s*\n")
_IMAGE_ARGUMENT = re.compile(r"^([A-Z0-9_]+)_IMAGE(?:=(\S+))?$")


@dataclass(frozen=True)
class Inputs:
    """`images`: default reference by the argument's name (`RUNTIME_IMAGE`); `sources`: paths and globs of the context."""

    images: dict[str, str]
    sources: tuple[str, ...]


def read_inputs(text: str) -> Inputs:
    """Inputs of the Dockerfile `text`."""
    images: dict[str, str] = {}
    sources: list[str] = []
    for line in _instructions(text):
        name, _, rest = line.partition(" ")
        if name.upper() == "ARG" and (found := _IMAGE_ARGUMENT.match(rest.strip())):
            images[f"{found[1]}_IMAGE"] = found[2] or ""
        elif name.upper() in {"COPY", "ADD"}:
            sources += _context_sources(rest.strip())
    return Inputs(images, tuple(dict.fromkeys(sources)))


def image_name(argument: str) -> str:
    """The folder of the image that an argument stands for: `MODEL_SERVER_IMAGE` is `model-server`."""
    return argument.removesuffix("_IMAGE").lower().replace("_", "-")


def _instructions(text: str) -> list[str]:
    # Comment lines may stand inside a continued instruction.
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [line.strip() for line in _CONTINUATION.sub(" ", kept).splitlines() if line.strip()]


def _context_sources(rest: str) -> list[str]:
    words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
    options = [word for word in words if word.startswith("--")]
    if any(option.startswith("--from=") for option in options):
        return []
    paths = [word for word in words if not word.startswith("--")][:-1]
    return [path for path in paths if "://" not in path]
