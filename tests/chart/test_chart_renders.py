"""What the chart renders: lint, golden files, Pod Security, and that the operator understands the environment it is given."""

import json
import re
from typing import Any

import pytest
import yaml
from agentjob_operator.bundled_minio.settings import KeeperSettings
from agentjob_operator.settings import Settings
from generate.chart_golden import GOLDEN, chart_golden_files
from pydantic import BaseModel

from charts import (
    CHART,
    DEMO_VALUES,
    EVERYTHING_VALUES,
    PRODUCTION_VALUES,
    helm,
    of_kind,
    operator_environment,
    pod_specs,
    render,
)

ROOT = CHART.parents[1]
VALUE_SETS: dict[str, list[Any]] = {
    "defaults": [],
    "demo": ["--values", DEMO_VALUES],
    "production": ["--values", PRODUCTION_VALUES],
    "everything": ["--values", EVERYTHING_VALUES],
}
all_value_sets = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS.keys())


@all_value_sets
def test_helm_finds_nothing_wrong(values: list[Any]) -> None:
    """`helm lint --strict`."""
    done = helm("lint", "--strict", CHART, *values)
    assert done.returncode == 0, done.stdout


def test_the_rendered_objects_are_those_of_the_golden_files() -> None:
    """A change of a template is reviewed as their difference; written anew by `make generate`."""
    wanted = chart_golden_files(ROOT, {})
    assert {path.name for path in (ROOT / GOLDEN).iterdir()} == {path.name for path in wanted}
    for path, text in wanted.items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} differs (make generate)"


def test_everything_sets_every_value() -> None:
    """A new value that nobody sets would never be rendered in a test."""

    def paths(value: object, prefix: str = "") -> set[str]:
        if not isinstance(value, dict) or not value:
            return {prefix}
        return {found for key, child in value.items() for found in paths(child, f"{prefix}.{key}")}

    default = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    everything = yaml.safe_load(EVERYTHING_VALUES.read_text(encoding="utf-8"))
    missing = {path for path in paths(default) if not any(each.startswith(path) for each in paths(everything))}
    # These replace whole objects: their keys are Kubernetes' own.
    assert {path for path in missing if ".resources." not in path} == set()


@all_value_sets
def test_every_pod_of_the_chart_is_restricted(values: list[Any]) -> None:
    """The release's namespace can enforce Pod Security `restricted`."""
    for name, spec in pod_specs(render(*values)):
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name


@all_value_sets
def test_only_the_operator_has_a_token_and_no_pod_gets_service_variables(values: list[Any]) -> None:
    """A Service named like our prefix would otherwise put variables into the configuration."""
    for name, spec in pod_specs(render(*values)):
        assert spec["automountServiceAccountToken"] is name.endswith("-operator"), name
        assert spec["enableServiceLinks"] is False, name


@all_value_sets
def test_the_operator_understands_its_environment(values: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable is one of its settings, and all of them together are valid."""
    variables = operator_environment(render(*values))
    for name, value in variables.items():
        assert is_setting(name), f"{name} is no setting"
        monkeypatch.setenv(name, value)
    Settings.load()


def test_what_was_set_is_what_the_operator_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of each kind, through helm's quoting and pydantic's parsing."""
    for name, value in operator_environment(render(*VALUE_SETS["everything"])).items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.agent_image == "registry.example.com/other/agent:v1"
    assert settings.runtime_image == "registry.example.com/agents/runtime:v9"
    assert settings.namespaces == ("team-a", "team-b")
    assert settings.image_pull_secrets == ("job-login", "other-login")
    assert settings.storage.download_endpoint == "https://files.example.com"
    assert settings.resources.agent.requests == {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}
    assert settings.default_model.output_per_million_tokens == "2"
    assert settings.network.git[0].to[0].ip_block is not None
    assert settings.network.except_cidrs == ("198.51.100.0/24",)
    assert (settings.disruption_cap, settings.resync_seconds, settings.api_qps) == (7, 300, 50)


def test_the_scripted_model_is_the_default_model_and_gets_no_key() -> None:
    """The demo's namespaces have no such Secret: a job would wait for it."""
    environment = operator_environment(render(*VALUE_SETS["demo"]))
    assert environment["AGENTJOB_DEFAULT_MODEL__ENDPOINT"].startswith("http://agentjob-scripted-model.")
    assert environment["AGENTJOB_DEFAULT_MODEL__API_KEY_SECRET_NAME"] == ""


def test_a_change_of_the_bucket_makes_another_job() -> None:
    """A Job cannot be changed: an upgrade would fail."""
    elsewhere = ("--values", PRODUCTION_VALUES)
    names = {
        of_kind(render(*elsewhere, "--set", f"storage.bucket={bucket}"), "Job")[0]["metadata"]["name"]
        for bucket in ("one", "two", "one")
    }
    assert len(names) == 2
    assert all(re.fullmatch(r"[a-z0-9-]{1,63}", name) for name in names)


def test_the_root_login_is_in_minios_pod_alone() -> None:
    """The operator has a user's; in the bundled MinIO the container beside it makes bucket and user, and no Job is needed."""
    objects = render()
    text = {name: json.dumps(spec) for name, spec in pod_specs(objects)}
    holders = {
        secret: {name for name in text if f'"name": "{secret}", "key": "secret-key"' in text[name]}
        for secret in ("agentjob-minio", "agentjob-minio-operator")
    }
    assert holders == {
        "agentjob-minio": {"agentjob-minio"},
        "agentjob-minio-operator": {"agentjob-minio", "agentjob-operator"},
    }
    assert not of_kind(objects, "Job")


def test_the_container_beside_minio_understands_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the variables of the store as the operator does."""
    (spec,) = (spec for name, spec in pod_specs(render()) if name == "agentjob-minio")
    (keeper,) = (each for each in spec["containers"] if each["name"] == "keeper")
    for variable in keeper["env"]:
        monkeypatch.setenv(variable["name"], variable.get("value", variable["name"]))
    settings = KeeperSettings()
    assert settings.storage.endpoint == "http://127.0.0.1:9000"
    assert settings.storage.access_key != settings.root.access_key


def test_no_generated_credential_is_in_the_file_for_kubectl() -> None:
    """Everybody has install.yaml: a credential in it would be everybody's."""
    text = (ROOT / "manifests" / "install.yaml").read_text(encoding="utf-8")
    assert not of_kind([each for each in yaml.safe_load_all(text) if each], "Secret")


def is_setting(variable: str) -> bool:
    """Whether the name leads to a field of `Settings`."""
    model: Any = Settings
    for part in variable.removeprefix("AGENTJOB_").lower().split("__"):
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            return False
        model = model.model_fields[part].annotation
    return True
