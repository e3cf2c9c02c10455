"""The structural schema that the models give, without a server."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from agentjob_api.base import ApiModel, CelRule
from agentjob_api.crd import agentjob_schema, custom_resource_definition
from agentjob_api.schema import make_immutable, structural_schema
from pydantic import Field


class Inner(ApiModel):
    """An inner object."""

    cel_rules = (CelRule("self.size > 0", "must be more than 0", ".size"),)

    size: Annotated[int, Field(description="A number.")] = 3


class Outer(ApiModel):
    """An outer object."""

    kind_of: Annotated[Literal["A"], Field(description="One value.")] = "A"
    inner: Annotated[Inner, Field(description="Filled in.")] = Inner()
    other: Annotated[Inner | None, Field(description="Left out.")] = None
    items: Annotated[tuple[Inner, ...], Field(description="A list.")] = ()


def test_an_optional_field_is_not_required_and_never_null() -> None:
    """A structural schema knows no union with null; absence is the API's null."""
    other = structural_schema(Outer, defaults=True)["properties"]["other"]
    assert other["type"] == "object"
    assert "default" not in other
    assert "required" not in structural_schema(Outer, defaults=True)


def test_an_object_defaults_to_an_empty_one_that_the_server_fills_in() -> None:
    """Otherwise `inner: {}` and leaving it out could become different things."""
    inner = structural_schema(Outer, defaults=True)["properties"]["inner"]
    assert inner["default"] == {}
    assert inner["properties"]["size"]["default"] == 3


def test_without_defaults_there_is_none_at_any_depth() -> None:
    """Status says only what its writer wrote."""
    assert "default" not in str(structural_schema(Outer, defaults=False))


def test_rules_travel_with_the_object_wherever_it_is_used() -> None:
    """The same model in a field, an optional field and a list."""
    properties = structural_schema(Outer, defaults=True)["properties"]
    rules = [{"fieldPath": ".size", "message": "must be more than 0", "rule": "self.size > 0"}]
    for used in (properties["inner"], properties["other"], properties["items"]["items"]):
        assert used["x-kubernetes-validations"] == rules


def test_what_the_field_says_wins_over_what_its_type_says() -> None:
    """A description at the field is more precise than the type's docstring; one value is an enum of one."""
    properties = structural_schema(Outer, defaults=True)["properties"]
    assert properties["inner"]["description"] == "Filled in."
    assert properties["kindOf"]["enum"] == ["A"]
    assert properties["items"]["x-kubernetes-list-type"] == "atomic"


def test_a_union_is_an_error() -> None:
    """Better than a schema that the API server refuses, or worse, accepts."""

    class Union(ApiModel):
        either: int | str = 1

    with pytest.raises(ValueError, match="no union"):
        structural_schema(Union, defaults=True)


def test_an_unknown_keyword_is_an_error() -> None:
    """A constraint must never be lost on the way to the CRD."""

    class Multiple(ApiModel):
        even: Annotated[int, Field(multiple_of=2)] = 2

    with pytest.raises(ValueError, match="multipleOf"):
        structural_schema(Multiple, defaults=True)


def test_each_immutable_property_has_a_rule_of_its_own() -> None:
    """So that the refusal names the field. Where the field may be missing, only `spec` sees it come and go."""
    spec: dict[str, Any] = {"required": ["a"], "properties": {"a": {}, "b": {"default": 1}, "c": {}, "d": {}}}
    make_immutable(spec, frozenset({"d"}))
    told = "cannot be changed after creation; create a new AgentJob"
    for name in ("a", "b"):
        assert spec["properties"][name]["x-kubernetes-validations"] == [
            {"message": f"spec.{name} {told}", "rule": "self == oldSelf"}
        ]
    rule = "has(self.c) == has(oldSelf.c) && (!has(self.c) || self.c == oldSelf.c)"
    assert spec["x-kubernetes-validations"] == [{"fieldPath": ".c", "message": f"spec.c {told}", "rule": rule}]
    assert spec["properties"]["d"] == {}


def _nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _nodes(inner, f"{path}.{name}")
    for keyword, step in (("items", "[]"), ("additionalProperties", "{}")):
        if keyword in schema:
            yield from _nodes(schema[keyword], f"{path}{step}")


NODES = dict(_nodes(agentjob_schema()))


def test_every_string_is_bounded() -> None:
    """`maxLength` bounds the cost of CEL and the size of an object in etcd."""
    strings = {path: node for path, node in NODES.items() if node.get("type") == "string"}
    free = {
        path
        for path, node in strings.items()
        if not node.keys() & {"maxLength", "enum", "format"} and path not in {".apiVersion", ".kind"}
    }
    assert free == set()


def test_every_list_and_map_is_bounded_and_says_how_it_merges() -> None:
    """Otherwise server-side apply replaces lists as a whole without anybody having decided so."""
    for path, node in NODES.items():
        if node.get("type") == "array":
            assert {"maxItems", "x-kubernetes-list-type"} <= node.keys(), path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


def test_every_field_is_described() -> None:
    """`kubectl explain` shows it; a sentence, not the name again."""
    values = {path for path in NODES if path.endswith(("[]", "{}")) and "properties" not in NODES[path]}
    described = NODES.keys() - values - {".metadata"}
    assert {path for path in described if len(NODES[path].get("description", "").split()) < 2} == set()


def test_the_definition_is_namespaced_with_a_status_subresource() -> None:
    """What the rest of the project counts on."""
    spec = custom_resource_definition()["spec"]
    (version,) = spec["versions"]
    assert spec["scope"] == "Namespaced"
    assert version["subresources"] == {"status": {}}
    assert version["selectableFields"] == [{"jsonPath": ".status.phase"}]
