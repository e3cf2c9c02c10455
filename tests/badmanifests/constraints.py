"""Every constraint of a structural schema, by path and keyword."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

BOUNDS = (
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "maxItems",
    "maxProperties",
    "pattern",
    "enum",
)
CHECKED_FORMATS = ("date-time",)
"""`int64` is the format of every integer and says nothing that the bounds do not say."""


@dataclass(frozen=True, order=True)
class Constraint:
    """`path` as the API server writes it, with `[]` for any item and `*` for any key: `spec.env[].name`.

    `keyword` is that of the schema, or `unique` for an item of a list with keys or a set, or `rule` for a CEL rule, whose path is
    its `fieldPath`.
    """

    path: str
    keyword: str


def constraints(schema: Schema, path: str = "") -> Iterator[Constraint]:
    """All of them. Transition rules (those that look at `oldSelf`) are left out: no manifest alone can violate one."""
    yield from (Constraint(path, keyword) for keyword in BOUNDS if keyword in schema)
    if schema.get("format") in CHECKED_FORMATS:
        yield Constraint(path, "format")
    if "x-kubernetes-list-map-keys" in schema or schema.get("x-kubernetes-list-type") == "set":
        yield Constraint(_join(path, "[]"), "unique")
    yield from (Constraint(_join(path, name), "required") for name in schema.get("required", ()))
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"]:
            yield Constraint((path + rule.get("fieldPath", "")).lstrip("."), "rule")
    for step, inner in _inner(schema):
        yield from constraints(inner, _join(path, step))


def canonical(schema: Schema, path: str) -> str:
    """`spec.env[0].name` → `spec.env[].name`. Raises `KeyError` when the schema has no such field."""
    found = ""
    for step in re.findall(r"\[\d+\]|[^.\[]+", path):
        name = "[]" if step.startswith("[") else step
        inner = dict(_inner(schema))
        name = name if name in inner or "*" not in inner else "*"
        schema, found = inner[name], _join(found, name)
    return found


def _inner(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from schema.get("properties", {}).items()
    if "items" in schema:
        yield "[]", schema["items"]
    if "additionalProperties" in schema:
        yield "*", schema["additionalProperties"]


def _join(path: str, step: str) -> str:
    return f"{path}{step}" if step == "[]" or not path else f"{path}.{step}"
