"""What the API server accepts, and what it makes of it: examples, names, defaults, unknown fields."""

from pathlib import Path

import pytest
import yaml
from agentjob_api.spec import AgentJobSpec
from apiserver.client import AGENTJOBS, ApiClient, agentjob
from apiserver.kubectl import Kubectl

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "manifests" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_accepted_by_kubectl_create(kubectl: Kubectl, namespace: str, example: Path) -> None:
    """With strict validation, as kubectl does it by default: no field of an example is unknown."""
    assert "created" in kubectl("create", "-n", namespace, "-f", str(example))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_named_after_its_file(example: Path) -> None:
    """So that a reader of `kubectl get agj` finds the file again."""
    assert yaml.safe_load(example.read_text())["metadata"]["name"] == example.stem


def test_the_smallest_spec_gets_every_default_of_the_models(api: ApiClient, namespace: str) -> None:
    """Nested ones, too: what the API server stores reads the same as the model's own defaults."""
    stored = api.create(AGENTJOBS.format(namespace), agentjob("small")).or_fail()["spec"]
    assert AgentJobSpec.model_validate(stored) == AgentJobSpec(task="x")
    assert stored == {
        "task": "x",
        "engine": "Builtin",
        "model": {"api": "OpenAI", "images": False},
        "limits": {"steps": 100, "timeoutSeconds": 3600, "startDeadlineSeconds": 600},
        "desktop": {"resolution": "1280x800"},
        "notebook": {},
        "workspace": {"size": "10Gi"},
        "archive": {
            "format": "Zip",
            "exclude": list(AgentJobSpec(task="x").archive.exclude),
            "maxBytes": 5 * 1024**3,
            "urlExpirySeconds": 86400,
        },
        "network": {"egress": "Internet"},
        "backoffLimit": 0,
        "suspend": False,
        "cancel": False,
        "lingerSeconds": 0,
    }


def test_a_null_means_the_default(api: ApiClient, namespace: str) -> None:
    """`limits: null`, as templating tools write it, is the same as leaving it out."""
    body = agentjob("nulls", limits=None, repository=None, archive={"format": None})
    stored = api.create(AGENTJOBS.format(namespace), body).or_fail()["spec"]
    assert stored["limits"]["steps"] == 100
    assert stored["archive"]["format"] == "Zip"
    assert "repository" not in stored


def test_an_empty_exclude_list_stays_empty(api: ApiClient, namespace: str) -> None:
    """It means "exclude nothing" and must not become the default list."""
    stored = api.create(AGENTJOBS.format(namespace), agentjob("all", archive={"exclude": []})).or_fail()
    assert stored["spec"]["archive"]["exclude"] == []


@pytest.mark.parametrize(
    "name", ["a", "a" * 63, "release-1.2.3", ".".join(["a" * 63] * 3) + "." + "b" * 61], ids=["1", "63", "dots", "253"]
)
def test_a_name_that_kubernetes_takes_is_taken(api: ApiClient, namespace: str, name: str) -> None:
    """A name is at most 253 characters and may hold dots; labels and child names are the operator's to shorten."""
    assert api.create(AGENTJOBS.format(namespace), agentjob(name)).accepted


@pytest.mark.parametrize("text", ["1", "0.5", "0.000001", "10.50", "999999999"], ids=lambda text: f"${text}")
def test_amounts_of_money_people_write(api: ApiClient, namespace: str, text: str) -> None:
    """Anything above zero with at most six decimals; prices may be zero, for a model of one's own."""
    prices = {"inputPerMillionTokens": 0, "outputPerMillionTokens": "0.00"}
    body = agentjob("money", model={"prices": prices}, limits={"costUSD": text})
    assert api.create(AGENTJOBS.format(namespace), body).accepted


@pytest.mark.parametrize("text", [1, 0, "1", "500m", "1.5", "2Gi", "128974848", "100k", "0.1"], ids=str)
def test_quantities_people_write(api: ApiClient, namespace: str, text: int | str) -> None:
    """The forms of the Kubernetes documentation, without exponents."""
    resources = {"requests": {"cpu": text, "example.com/gpu": 1}, "limits": {"memory": text}}
    assert api.create(AGENTJOBS.format(namespace), agentjob("quantities", resources=resources)).accepted


@pytest.mark.parametrize(
    "spec",
    [{"queueName": "team"}, {"limits": {"stepz": 5}}, {"env": [{"name": "A", "valueFrom": {}}]}],
    ids=["of a later version", "misspelt", "of the core API"],
)
def test_an_unknown_field_is_refused_by_name(api: ApiClient, namespace: str, spec: dict[str, object]) -> None:
    """Nothing that is accepted may be silently ignored: under strict validation, kubectl's default, the server refuses."""
    answer = api.create(AGENTJOBS.format(namespace), agentjob("unknown", **spec))
    assert answer.status == 400
    assert 'unknown field "spec.' in answer.message


def test_a_status_that_the_creator_sends_is_dropped(api: ApiClient, namespace: str) -> None:
    """Status is a subresource: nobody creates an AgentJob that already succeeded."""
    body = agentjob("claims") | {"status": {"phase": "Succeeded"}}
    assert api.create(AGENTJOBS.format(namespace), body).or_fail()["status"] == {"phase": "Pending"}
