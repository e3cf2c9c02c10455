"""values.schema.json of the chart: types and descriptions from values.yaml and its comments, bounds from `constraints`."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from generate.constraints import CONDITIONS, CONSTRAINTS, DEFINITIONS, OPAQUE

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]\w*):")
_COMMENT = re.compile(r"^ *# ?(?P<text>.*)$")


class UndescribedValueError(Exception):
    """A value without a comment, or a constraint for a value that is not there; the text names the path."""


def values_schema(values_text: str) -> str:
    """The schema as JSON. Raises `UndescribedValueError`."""
    descriptions = comments_by_path(values_text)
    seen: set[str] = set()
    schema = _object("", yaml.safe_load(values_text), descriptions, seen)
    # Helm hands these to every chart, used or not.
    schema["properties"]["global"] = {"description": "Values that a parent chart shares.", "type": "object"}
    if unknown := (CONSTRAINTS.keys() | OPAQUE) - seen:
        raise UndescribedValueError(f"constraints for values that are not in values.yaml: {sorted(unknown)}")
    document = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the AgentJob chart"}
    return json.dumps({**document, **schema, **CONDITIONS, "definitions": DEFINITIONS}, indent=2) + "\n"


def values_schema_of(chart: Path) -> str:
    """`values_schema` of the chart in this folder."""
    return values_schema((chart / "values.yaml").read_text(encoding="utf-8"))


def comments_by_path(text: str) -> dict[str, str]:
    """Dotted path of each key to the comment lines right above it, joined."""
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    pending: list[str] = []
    for line in text.splitlines():
        if comment := _COMMENT.match(line):
            pending.append(comment["text"])
        elif key := _KEY.match(line):
            indent = len(key["indent"])
            stack = [entry for entry in stack if entry[0] < indent] + [(indent, key["key"])]
            found[".".join(name for _, name in stack)] = " ".join(pending)
            pending = []
        else:
            pending = []
    return found


def _object(path: str, value: dict[str, Any], descriptions: dict[str, str], seen: set[str]) -> dict[str, Any]:
    properties = {key: _schema(f"{path}.{key}".lstrip("."), child, descriptions, seen) for key, child in value.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _schema(path: str, value: Any, descriptions: dict[str, str], seen: set[str]) -> dict[str, Any]:
    seen.add(path)
    constraint = CONSTRAINTS.get(path, {})
    description = descriptions.get(path, "")
    if isinstance(value, dict) and path not in OPAQUE:
        schema = _object(path, value, descriptions, seen)
    else:
        schema = _leaf(value)
        if not description:
            raise UndescribedValueError(f"{path} has no comment in values.yaml")
    if "$ref" in constraint:
        # Draft 7 ignores what stands beside a reference.
        schema = {"allOf": [{"$ref": constraint["$ref"]}]}
        constraint = {}
    return {"description": description, **schema, **constraint} if description else {**schema, **constraint}


def _leaf(value: Any) -> dict[str, Any]:
    for kind, name in ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return {"type": name}
    raise TypeError(f"no schema type for {value!r}")
