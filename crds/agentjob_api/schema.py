"""Structural schemas (`apiextensions.k8s.io/v1`) from the models: no `$ref`, no `null`, optional means "not required".

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from typing import Any

from agentjob_api.base import ApiModel, CelRule

Schema = dict[str, Any]

_KEPT = (
    "type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems", "maxProperties", "required",
    "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
)  # fmt: skip


def structural_schema(model: type[ApiModel], *, defaults: bool) -> Schema:
    """The schema of one object. `defaults` says whether the API server is to fill in what is left out.

    Raises `ValueError` for a keyword that a structural schema, or this conversion, does not know.
    """
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    return _converted(schema, definitions, defaults=defaults)


def make_immutable(spec: Schema, mutable: frozenset[str]) -> None:
    """Adds a transition rule for every property of `spec` that is not `mutable`; adding or removing it is a change, too.

    What is always there (required, or with a default) carries its rule itself. A rule of `spec` would be dearer: for each access to
    a property of a present field the API server builds the map of all of them, with every write of a status
    (`Structural.Properties` in k8s.io/apiextensions-apiserver; 1.7 ms of CPU each time with 19 such rules).
    """
    for name, node in spec["properties"].items():
        if name in mutable:
            continue
        message = f"spec.{name} cannot be changed after creation; create a new AgentJob"
        if "default" in node or name in spec.get("required", ()):
            carrier, rule = node, CelRule("self == oldSelf", message)
        else:
            kept = f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})"
            carrier, rule = spec, CelRule(kept, message, f".{name}")
        carrier["x-kubernetes-validations"] = [*carrier.get("x-kubernetes-validations", ()), rule.entry()]


def _converted(node: Schema, definitions: Schema, *, defaults: bool) -> Schema:
    node = _resolved(node, definitions)
    unknown = node.keys() - {*_KEPT, "title", "description", "default", "properties", "items", "additionalProperties"}
    if unknown:
        raise ValueError(f"not in a structural schema: {sorted(unknown)} of {node}")
    schema: Schema = {"description": " ".join(node["description"].split())} if "description" in node else {}
    schema |= {keyword: node[keyword] for keyword in _KEPT if keyword in node}
    if schema.get("type") == "integer":
        schema["format"] = "int64"
    if schema.get("type") == "array":
        schema.setdefault("x-kubernetes-list-type", "atomic")
    if defaults:
        schema |= _default(node)
    for keyword in ("items", "additionalProperties"):
        if keyword in node:
            schema[keyword] = _converted(node[keyword], definitions, defaults=defaults)
    if "properties" in node:
        converted = {k: _converted(v, definitions, defaults=defaults) for k, v in node["properties"].items()}
        schema["properties"] = converted
    return schema


def _resolved(node: Schema, definitions: Schema) -> Schema:
    """`node` without `$ref`, without the alternative `null`, and with `const` as an enum of one; what it says itself wins."""
    node = dict(node)
    if "$ref" in node:
        target = definitions[node.pop("$ref").removeprefix("#/$defs/")]
        return _resolved({**target, **node}, definitions)
    if "anyOf" in node:
        alternatives = [option for option in node.pop("anyOf") if option.get("type") != "null"]
        if len(alternatives) != 1:
            raise ValueError(f"a structural schema knows no union: {alternatives}")
        return _resolved({**alternatives[0], **node}, definitions)
    if "const" in node:
        node["enum"] = [node.pop("const")]
    return node


def _default(node: Schema) -> Schema:
    """An object's own default is `{}`: the API server then fills in its fields. Empty lists and maps need none."""
    default = node.get("default")
    if "properties" in node and default is not None:
        return {"default": {}}
    return {} if default in (None, "", [], {}) else {"default": default}
