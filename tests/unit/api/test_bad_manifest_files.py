"""The reader of bad manifests and the walker over constraints: the meta-test stands on them."""

from pathlib import Path

import pytest
from badmanifests.constraints import Constraint, canonical, constraints
from badmanifests.manifest import Expectation, read_bad_manifest

SCHEMA = {
    "type": "object",
    "required": ["env"],
    "x-kubernetes-validations": [{"rule": "true", "fieldPath": ".env"}, {"rule": "self == oldSelf"}],
    "properties": {
        "env": {
            "type": "array",
            "maxItems": 3,
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a$"}}},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5}},
    },
}


def test_every_kind_of_constraint_is_found() -> None:
    """Bounds at any depth, required fields, unique keys and rules; a transition rule is none of a manifest's."""
    assert set(constraints(SCHEMA)) == {
        Constraint("env", "maxItems"),
        Constraint("env", "required"),
        Constraint("env", "rule"),
        Constraint("env[]", "unique"),
        Constraint("env[].name", "pattern"),
        Constraint("labels.*", "maxLength"),
    }


@pytest.mark.parametrize(
    ("path", "found"),
    [("env[12].name", "env[].name"), ("env", "env"), ("labels.disk", "labels.*"), ("env[0]", "env[]")],
)
def test_a_servers_path_is_brought_to_the_schemas(path: str, found: str) -> None:
    """The server names the item, the schema the list."""
    assert canonical(SCHEMA, path) == found


def test_a_path_that_the_schema_does_not_have_is_an_error() -> None:
    """A bad manifest must not claim to cover what is not there."""
    with pytest.raises(KeyError):
        canonical(SCHEMA, "env[0].value")


def test_a_manifest_says_what_it_violates(tmp_path: Path) -> None:
    """Field, keyword, and the rest of the line as part of the message."""
    file = tmp_path / "bad.yaml"
    file.write_text("# expect: spec.task minLength: at least 1: really\nspec: {task: ''}\n")
    manifest = read_bad_manifest(file)
    assert manifest.expectations == (Expectation("spec.task", "minLength", "at least 1: really"),)
    assert manifest.document == {"spec": {"task": ""}}


@pytest.mark.parametrize("text", ["spec: {}\n", "# a comment\nspec: {}\n", "# expect: spec.task\nspec: {}\n"])
def test_a_manifest_without_an_expectation_is_an_error(tmp_path: Path, text: str) -> None:
    """It would be refused for nobody knows what."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"bad\.yaml"):
        read_bad_manifest(file)
