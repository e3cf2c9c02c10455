"""Every constraint of the CRD has a bad manifest, and a real API server refuses each with the field's path and a message."""

from pathlib import Path

import pytest
from agentjob_api.crd import agentjob_schema
from apiserver.client import AGENTJOBS, Answer, ApiClient, Json
from badmanifests.constraints import Constraint, canonical, constraints
from badmanifests.manifest import BadManifest, Expectation, read_bad_manifest

COLLECTION = AGENTJOBS.format("default")
MANIFESTS = [read_bad_manifest(path) for path in sorted((Path(__file__).parent / "bad").glob("*.yaml"))]


@pytest.fixture(scope="module")
def good(api: ApiClient) -> str:
    """Path of an accepted AgentJob, whose status a bad manifest then tries to change."""
    body = {
        "apiVersion": "agentjob.io/v1alpha1",
        "kind": "AgentJob",
        "metadata": {"generateName": "good-"},
        "spec": {"task": "x"},
    }
    return f"{COLLECTION}/{api.create(COLLECTION, body).or_fail()['metadata']['name']}"


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.name)
def test_the_api_server_names_the_field_and_says_what_is_wrong(
    api: ApiClient, good: str, manifest: BadManifest
) -> None:
    """Each expectation of the file is among the causes of the refusal."""
    answer = _sent(api, good, manifest.document)
    assert not answer.accepted, "it was accepted"
    for expected in manifest.expectations:
        assert _is_among_causes(expected, answer), f"{expected} is not in:\n{_causes(answer)}"


def test_every_constraint_of_the_schema_has_a_bad_manifest() -> None:
    """A new bound, pattern, enum or rule without a manifest that violates it is not known to work."""
    schema = agentjob_schema()
    violated = {
        Constraint(canonical(schema, expected.field), expected.keyword)
        for manifest in MANIFESTS
        for expected in manifest.expectations
    }
    assert set(constraints(schema)) - violated == set(), "add a manifest under bad/ for each of these"


def _sent(api: ApiClient, good: str, document: Json) -> Answer:
    if "status" in document:
        return api.patch(f"{good}/status", {"status": document["status"]}, dryRun="All")
    return api.create(COLLECTION, document, dryRun="All")


def _is_among_causes(expected: Expectation, answer: Answer) -> bool:
    return any(cause.field == expected.field and expected.text in cause.message for cause in answer.causes)


def _causes(answer: Answer) -> str:
    return "\n".join(f"{cause.field}: {cause.message}"[:300] for cause in answer.causes) or answer.message
