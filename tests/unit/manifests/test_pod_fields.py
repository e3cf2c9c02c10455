"""Fields of Job and pod that the control flow counts on."""

from decimal import Decimal
from typing import Any

from agentjob_api import names, pod
from agentjob_api.base import quantity_value
from agentjob_api.grant import UploadGrant
from agentjob_api.job_config import JobConfig
from agentjob_api.spec import AgentJobSpec
from agentjob_operator.manifests import ARCHIVE_ALLOWANCE_SECONDS, Attempt, Remaining, build_job, build_secret
from agentjob_operator.settings import ModelDefaults, Settings
from attempts import EVERYTHING, GRANT, attempt_of
from generate.golden import EXAMPLE_TOKENS, UID, example_settings


def job(spec: dict[str, Any], settings: Settings | None = None) -> dict[str, Any]:
    """The built Job."""
    return build_job(attempt_of(spec), settings or example_settings())


def model_of(spec: dict[str, Any], **defaults: Any) -> tuple[JobConfig, dict[str, Any] | None]:
    """job.json, and the reference to the key that model-proxy gets."""
    settings = example_settings().model_copy(update={"default_model": ModelDefaults(**defaults)})
    secret = build_secret(attempt_of(spec), GRANT, EXAMPLE_TOKENS, settings)
    proxy = job(spec, settings)["spec"]["template"]["spec"]["initContainers"][0]
    refs = [v["valueFrom"]["secretKeyRef"] for v in proxy["env"] if v["name"] == pod.ENV_MODEL_API_KEY]
    return JobConfig.from_json(secret["stringData"][pod.KEY_CONFIG]), refs[0] if refs else None


def test_one_pod_once() -> None:
    """The operator owns retries; a disruption is told by the Job's condition, as the pod is gone then."""
    spec = job({"task": "x"})["spec"]
    assert (spec["completions"], spec["backoffLimit"]) == (1, 0)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    ]


def test_the_deadline_is_behind_everything_else_and_before_the_grants_end() -> None:
    """Start deadline, timeout and the time to clone and pack fit; a pod that it kills can still upload."""
    attempt = attempt_of({"task": "x", "limits": {"timeoutSeconds": 600, "startDeadlineSeconds": 100}})
    deadline = build_job(attempt, example_settings())["spec"]["activeDeadlineSeconds"]
    assert deadline > 700 + ARCHIVE_ALLOWANCE_SECONDS / 2
    assert deadline + 120 < attempt.lifetime_seconds


def test_containers_start_in_the_order_of_the_design() -> None:
    """The proxy first, so that a missing Secret shows at once; the courier before the agent, whose lock it opens; last what may
    fail alone: a main container that cannot be pulled keeps no other from starting, an init container would."""
    built = job({"task": "x", "services": ["Redis", "Postgres"]})["spec"]["template"]["spec"]
    assert [(c["name"], c.get("restartPolicy")) for c in built["initContainers"]] == [
        ("model-proxy", "Always"),
        ("prepare", None),
        ("postgres", "Always"),
        ("redis", "Always"),
    ]
    assert [container["name"] for container in built["containers"]] == ["courier", "agent", "notebook", "desktop"]


def test_every_object_leads_back_to_its_agent_job() -> None:
    """By owner reference for the garbage collector, by labels and annotation for the watches."""
    attempt = attempt_of({"task": "x"}, name="a" * 70 + ".b", number=3)
    built = build_job(attempt, example_settings())
    for metadata in (built["metadata"], build_secret(attempt, GRANT, EXAMPLE_TOKENS, example_settings())["metadata"]):
        assert metadata["name"] == attempt.object_name
        assert [(o["kind"], o["uid"], o["controller"]) for o in metadata["ownerReferences"]] == [
            ("AgentJob", UID, True)
        ]
    for metadata in (built["metadata"], built["spec"]["template"]["metadata"]):
        assert metadata["annotations"][names.ANNOTATION_NAME] == attempt.name
        found = {name: value for name, value in metadata["labels"].items() if name != names.LABEL_EGRESS}
        assert found == {
            names.LABEL_MANAGED_BY: names.MANAGED_BY,
            names.LABEL_NAME: "a" * 63,
            names.LABEL_UID: UID,
            names.LABEL_ATTEMPT: "3",
        }


def test_what_the_user_chose_reaches_the_pod() -> None:
    """Every field of the spec that is about the pod: nothing that is accepted is ignored."""
    built = job(EVERYTHING)["spec"]["template"]["spec"]
    assert built["nodeSelector"] == {"disk": "ssd"}
    assert built["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert (built["runtimeClassName"], built["priorityClassName"]) == ("gvisor", "low")
    assert built["imagePullSecrets"] == [{"name": "pull"}]
    agent = built["containers"][1]
    assert agent["resources"] == {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}
    assert {v["name"]: v["value"] for v in agent["env"]} == {
        "HOME": "/workspace",
        "LANG": "C",
        "DISPLAY": ":1",
        "XAUTHORITY": pod.XAUTHORITY,
        "PGHOST": "127.0.0.1",
        "PGPORT": "5432",
        "PGUSER": "agent",
        "PGDATABASE": "agent",
        "DATABASE_URL": "postgresql://agent@127.0.0.1:5432/agent",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
    }
    assert [v["emptyDir"]["sizeLimit"] for v in built["volumes"] if v["name"] == "workspace"] == ["1Gi"]


def test_the_configuration_holds_what_remains_not_what_was_given() -> None:
    """A second attempt must not spend the whole budget again."""
    spec = AgentJobSpec.model_validate(EVERYTHING)
    attempt = Attempt(
        "team", "job", UID, 2, spec, Remaining(steps=7, tokens=10, cost_usd=Decimal("0.000001"), timeout_seconds=5)
    )
    config = JobConfig.from_json(
        build_secret(attempt, GRANT, EXAMPLE_TOKENS, example_settings())["stringData"][pod.KEY_CONFIG]
    )
    assert (config.attempt, config.limits.tokens, config.limits.timeout_seconds) == (2, 10, 5)
    assert (config.limits.steps, config.limits.cost_usd) == (7, "0.000001")
    assert (config.workspace_bytes, config.checkpoint_seconds) == (1024**3, 60)
    built = build_job(attempt, example_settings())["spec"]["template"]["spec"]
    volumes = {v["name"]: v["emptyDir"]["sizeLimit"] for v in built["volumes"] if "emptyDir" in v}
    for name, limit in (("home", config.home_bytes), ("agent-tmp", config.tmp_bytes), ("run", config.run_bytes)):
        assert limit == quantity_value(volumes[name])
    assert config.repository is not None
    assert (config.repository.ref, config.repository.submodules) == ("v1", True)


def test_the_secret_holds_the_task_as_it_is() -> None:
    """Braces, newlines and any script reach the agent unchanged."""
    task = 'say "{{ hi }}"\n$(rm -rf /)\n日本語\n'
    secret = build_secret(attempt_of({"task": task}), GRANT, EXAMPLE_TOKENS, example_settings())
    assert secret["stringData"][pod.KEY_TASK] == task
    assert UploadGrant.from_json(secret["stringData"][pod.KEY_UPLOAD]) == GRANT


def test_the_default_model_fills_what_the_spec_leaves_out() -> None:
    """Name, endpoint, key and prices together are the administrator's default."""
    config, key = model_of(
        {"task": "x"}, name="d", endpoint="https://d/v1", api_key_secret_name="s", input_per_million_tokens="1"
    )
    assert (config.model.name, config.model.endpoint, config.model.input_per_million_tokens) == (
        "d",
        "https://d/v1",
        "1",
    )
    assert key == {"name": "s", "key": "api-key"}


def test_the_default_key_goes_to_the_default_endpoint_only() -> None:
    """Otherwise whoever may create an AgentJob could have it sent to an endpoint of their own."""
    spec = {"task": "x", "model": {"endpoint": "https://evil.example.com/v1"}}
    _, key = model_of(spec, endpoint="https://d/v1", api_key_secret_name="s")
    assert key is None
    same = {"task": "x", "model": {"endpoint": "https://d/v1", "name": "other"}}
    assert model_of(same, endpoint="https://d/v1", api_key_secret_name="s")[1] == {"name": "s", "key": "api-key"}


def test_default_prices_are_not_those_of_another_model() -> None:
    """A cost counted with foreign prices is worse than none."""
    config, _ = model_of({"task": "x", "model": {"name": "other"}}, name="d", input_per_million_tokens="1")
    assert config.model.input_per_million_tokens is None
