"""What the builders make, judged by a real API server: strict field validation, and Pod Security `restricted` enforced."""

from typing import Any

import pytest
from agentjob_operator.manifests import Attempt, build_job, build_secret
from apiserver.client import ApiClient
from attempts import EVERYTHING, GRANT, attempt_of
from generate.golden import EXAMPLE_TOKENS, example_settings

CASES: dict[str, dict[str, Any]] = {
    "minimal": {"task": "x"},
    "everything": EVERYTHING,
    "longest": {
        "task": "x" * 65_536,
        "limits": {"timeoutSeconds": 604_800, "startDeadlineSeconds": 604_800},
        "archive": {"exclude": ["y" * 256] * 64},
        "lingerSeconds": 86_400,
        "env": [{"name": f"N{n}", "value": "v" * 4096} for n in range(64)],
    },
}
NAMES = ["job", "a" * 63, "a" * 240 + ".dots", "1.2"]


@pytest.fixture
def restricted(api: ApiClient, namespace: str) -> str:
    """A namespace that enforces Pod Security `restricted`."""
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    api.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": labels}}).or_fail()
    api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
    return namespace


def objects(attempt: Attempt, namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Secret and Job in the test's namespace."""
    settings = example_settings()
    secret, job = build_secret(attempt, GRANT, EXAMPLE_TOKENS, settings), build_job(attempt, settings)
    for each in (secret, job):
        each["metadata"]["namespace"] = namespace
    return secret, job


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_secret_job_and_pod_are_accepted(api: ApiClient, restricted: str, case: str, name: str) -> None:
    """The pod itself, too: a Job's template is only warned about, the pod would be refused later."""
    secret, job = objects(attempt_of(CASES[case], name=name), restricted)
    api.create(f"/api/v1/namespaces/{restricted}/secrets", secret).or_fail()
    made = api.create(f"/apis/batch/v1/namespaces/{restricted}/jobs", job).or_fail()
    template = made["spec"]["template"]
    # What the cluster would have to bring along.
    for foreign in ("runtimeClassName", "priorityClassName"):
        template["spec"].pop(foreign, None)
    pod = {"metadata": template["metadata"] | {"name": made["metadata"]["name"] + "-abcde"}, "spec": template["spec"]}
    api.create(f"/api/v1/namespaces/{restricted}/pods", pod).or_fail()


def test_the_server_changes_nothing_that_we_set(api: ApiClient, restricted: str) -> None:
    """A field that the API drops or turns into something else would not do what the builder says."""
    _, job = objects(attempt_of(EVERYTHING, name="kept"), restricted)
    made = api.create(f"/apis/batch/v1/namespaces/{restricted}/jobs", job).or_fail()
    assert lost(job, made) == []


def lost(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Paths in `wanted` that `found` does not have with the same value."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [each for key, value in wanted.items() for each in lost(value, found.get(key), f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [each for n, value in enumerate(wanted) for each in lost(value, found[n], f"{path}[{n}]")]
    # The server leaves out empty values.
    return [] if wanted == found or (not wanted and found is None) else [f"{path}: {wanted!r} became {found!r}"]
