"""A bad manifest: leading comments `# expect: <field path> <keyword>: <part of the message>`, then the object."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_EXPECT = re.compile(r"# expect: (?P<field>\S+) (?P<keyword>[\w-]+): (?P<text>.+)")


@dataclass(frozen=True)
class Expectation:
    """One refusal: the field as the API server names it, the schema's keyword, and a part of the message."""

    field: str
    keyword: str
    text: str


@dataclass(frozen=True)
class BadManifest:
    """A file under `bad/`."""

    name: str
    expectations: tuple[Expectation, ...]
    document: dict[str, Any]


def read_bad_manifest(path: Path) -> BadManifest:
    """Raises `ValueError` when the first line expects nothing, or a line of the head cannot be read."""
    text = path.read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    matches = [_EXPECT.fullmatch(line) for line in head]
    if not matches or not all(matches) or not text.startswith("# expect:"):
        raise ValueError(f"{path.name}: every comment must read `# expect: <field> <keyword>: <part of the message>`")
    expectations = tuple(Expectation(**match.groupdict()) for match in matches if match)
    return BadManifest(path.stem, expectations, yaml.safe_load(text))
