"""The API reference as Markdown: fields with defaults and bounds, conditions, reasons, labels."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agentjob_api import names
from agentjob_api.base import MONEY_PATTERN, QUANTITY_PATTERN, SIZE_PATTERN
from agentjob_api.crd import SELECTABLE_FIELDS, TERMINAL_PHASE_RULE, agentjob_schema
from agentjob_api.pod_options import LABEL_KEY_PATTERN, LABEL_VALUE_PATTERN, OBJECT_NAME_PATTERN
from agentjob_api.reasons import EFFECT_MEANINGS, TABLE
from agentjob_api.schema import Schema
from agentjob_api.spec import MUTABLE_FIELDS
from agentjob_api.status import CONDITION_MEANINGS, TERMINAL_PHASES

_BOUNDS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("maxItems", "at most {} items"),
    ("maxProperties", "at most {} entries"),
)
_PATTERNS = {
    OBJECT_NAME_PATTERN: "a DNS subdomain",
    LABEL_KEY_PATTERN: "a label's key",
    LABEL_VALUE_PATTERN: "a label's value",
    MONEY_PATTERN: "at least 0, at most 9 digits and 6 decimals",
    QUANTITY_PATTERN: "a quantity, at least 0",
    SIZE_PATTERN: "a whole quantity above 0",
}
"""Patterns that are better said in words."""


def api_reference() -> str:
    """The whole page."""
    spec, status = (agentjob_schema()["properties"][part] for part in ("spec", "status"))
    lines = (
        "<!-- Generated from crds/agentjob_api by `make generate`. Do not edit. -->",
        f"# API reference: {names.KIND} (`{names.API_VERSION}`)",
        "",
        f"Namespaced, short name `{names.SHORT_NAME}`, category `{names.CATEGORY}`. "
        f"Field selectors: {_codes(path.removeprefix('.') for path in SELECTABLE_FIELDS)}.",
        "",
        *_section("spec", _SPEC_INTRODUCTION, _fields(spec)),
        *_section("status", _STATUS_INTRODUCTION, _fields(status)),
        *_section("Conditions", "", _table(("type", "True means"), _meanings(CONDITION_MEANINGS))),
        *_section("Reasons", "Each reason has an effect:", _table(("effect", "meaning"), _meanings(EFFECT_MEANINGS))),
        *_reasons(),
        "",
        *_section("Labels", _LABEL_INTRODUCTION, _table(("label", "value"), _meanings(names.LABEL_MEANINGS))),
    )
    return "\n".join(lines).rstrip() + "\n"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


_SPEC_INTRODUCTION = (
    "Only `task` is required; the API server fills in the defaults. "
    f"After creation only {_codes(sorted(MUTABLE_FIELDS))} can be changed.\n\n"
    "Amounts of money and quantities are strings or integers, never fractions without quotes: "
    '`costUSD: "2.50"`. Quantities have no sign and no exponent: `500m`, `1.5`, `2Gi`.'
)
_STATUS_INTRODUCTION = (
    f"Written by the operator only. {_codes(TERMINAL_PHASES)} are terminal: {TERMINAL_PHASE_RULE.message}."
)
_LABEL_INTRODUCTION = "On every Job, Pod and Secret of an AgentJob:"


def _section(title: str, introduction: str, body: Iterable[str]) -> Iterator[str]:
    yield from (f"## {title}", "")
    if introduction:
        yield from (introduction, "")
    yield from body
    yield ""


def _meanings(meanings: Mapping[Any, str]) -> Iterator[tuple[str, ...]]:
    return ((f"`{name}`", meaning) for name, meaning in meanings.items())


def _reasons() -> Iterator[str]:
    rows = ((f"`{reason}`", info.effect.value, info.meaning, info.action) for reason, info in TABLE.items())
    return _table(("reason", "effect", "meaning", "what to do"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        # A pipe ends a cell, in code, too.
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _fields(schema: Schema) -> Iterator[str]:
    return _table(("field", "type", "default", "bounds", "meaning"), _rows(schema, ""))


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, ...]]:
    for name, field in schema["properties"].items():
        default = "**required**" if name in schema.get("required", ()) else _default(field)
        bounds = "; ".join((*_bounds(field), *_rules(schema, f".{name}")))
        yield f"`{prefix}{name}`", _type(field), default, bounds, field["description"]
        yield from _inner_rows(f"{prefix}{name}", field)


def _inner_rows(path: str, field: Schema) -> Iterator[tuple[str, ...]]:
    if "properties" in field:
        yield from _rows(field, f"{path}.")
    elif "properties" in field.get("items", {}):
        yield from _rows(field["items"], f"{path}[].")


def _rules(schema: Schema, field_path: str) -> Iterator[str]:
    """Messages of the rules about the field at `field_path` or in it; what may change is said elsewhere."""
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"] and f"{rule['fieldPath']}.".startswith(f"{field_path}."):
            yield rule["message"]


def _default(field: Schema) -> str:
    return f"`{json.dumps(field['default'])}`" if field.get("default", {}) != {} else ""


def _type(field: Schema) -> str:
    if "x-kubernetes-int-or-string" in field:
        return "integer or string"
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if "additionalProperties" in field:
        return f"map to {_type(field['additionalProperties'])}"
    return str(field.get("format", field["type"]) if field["type"] == "string" else field["type"])


def _bounds(field: Schema) -> Iterator[str]:
    if "enum" in field:
        yield "one of " + _codes(field["enum"])
    if "pattern" in field:
        yield _PATTERNS.get(field["pattern"], f"matches `{field['pattern']}`")
    # What the pattern says of the string form, the other bounds say of the integer form.
    int_or_string = "x-kubernetes-int-or-string" in field
    for keyword, text in _BOUNDS:
        if keyword in field and not int_or_string:
            yield "not empty" if (keyword, field[keyword]) == ("minLength", 1) else text.format(field[keyword])
    for inner in ("items", "additionalProperties"):
        if inner in field:
            yield from (f"each {bound}" for bound in _bounds(field[inner]))
