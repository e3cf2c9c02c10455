"""What the pod must never allow, for a spec that uses every field: Pod Security `restricted`, and no secret within the agent's reach."""

import json
from typing import Any

import pytest
from agentjob_api import pod
from agentjob_operator.manifests import build_job
from attempts import EVERYTHING, attempt_of
from generate.golden import example_settings

SECRET_ENV = {pod.ENV_MODEL_API_KEY, pod.ENV_GIT_USERNAME, pod.ENV_GIT_PASSWORD}


def pod_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The pod of the built Job."""
    template: dict[str, Any] = build_job(attempt_of(spec), example_settings())["spec"]["template"]["spec"]
    return template


def containers(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All containers by name."""
    built = pod_spec(spec)
    return {container["name"]: container for container in built["initContainers"] + built["containers"]}


@pytest.mark.parametrize("name", [str(name) for name in pod.Container])
def test_each_container_is_restricted(name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    # A container's own settings win over the pod's.
    context = pod_spec(EVERYTHING)["securityContext"] | containers(EVERYTHING)[name]["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert not context.get("privileged")
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == pod.UID
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["readOnlyRootFilesystem"] is True


def test_the_pod_shares_nothing_with_the_node_and_has_no_token() -> None:
    """Host namespaces, host paths and the service account are out of reach."""
    built = pod_spec(EVERYTHING)
    assert built["automountServiceAccountToken"] is False
    assert built["enableServiceLinks"] is False
    assert not built["shareProcessNamespace"]
    assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName", "hostAliases"} & built.keys()
    assert {next(iter(volume.keys() - {"name"})) for volume in built["volumes"]} == {"emptyDir", "secret"}
    assert built["securityContext"]["fsGroup"] == pod.UID


def test_the_agent_gets_task_and_configuration_and_no_secret() -> None:
    """Neither by environment nor by volume: of the attempt's Secret only the keys that hold none."""
    agent = containers(EVERYTHING)["agent"]
    assert all("valueFrom" not in variable for variable in agent["env"])
    assert "envFrom" not in agent
    mounted = {mount["name"] for mount in agent["volumeMounts"]}
    secrets = [v["secret"] for v in pod_spec(EVERYTHING)["volumes"] if v["name"] in mounted and "secret" in v]
    assert [[item["key"] for item in secret["items"]] for secret in secrets] == [[pod.KEY_TASK, pod.KEY_CONFIG]]


def test_the_agent_cannot_reach_the_count_of_the_proxy_or_the_archive() -> None:
    """All containers run as one user: only mounts keep them apart."""
    paths = {mount["mountPath"] for mount in containers(EVERYTHING)["agent"]["volumeMounts"]}
    assert paths == {pod.CONFIG_DIR, pod.WORKSPACE, pod.RUN_DIR, pod.HOME, "/tmp", pod.X11_DIR}
    tmp = [m["name"] for c in containers(EVERYTHING).values() for m in c["volumeMounts"] if m["mountPath"] == "/tmp"]
    assert len(set(tmp)) == len(containers(EVERYTHING))


def test_each_secret_reaches_one_container_only() -> None:
    """The model's key the proxy, the Git credential prepare, the upload grant the courier."""
    holders: dict[str, list[str]] = {}
    for name, container in containers(EVERYTHING).items():
        for variable in container["env"]:
            if "valueFrom" in variable:
                holders.setdefault(variable["name"], []).append(name)
    assert holders == {
        pod.ENV_MODEL_API_KEY: ["model-proxy"],
        pod.ENV_GIT_USERNAME: ["prepare"],
        pod.ENV_GIT_PASSWORD: ["prepare"],
    }
    grants = [v["name"] for v in pod_spec(EVERYTHING)["volumes"] if pod.KEY_UPLOAD in json.dumps(v)]
    assert grants == ["courier-config"]


def test_the_right_to_read_a_checkpoint_is_prepares_alone_and_not_a_first_attempts() -> None:
    """Its part of the volume is optional, the rest is not: the container must not start before the Secret is there."""
    first, later = (build_job(attempt_of(EVERYTHING, number=n), example_settings()) for n in (1, 2))
    assert pod.KEY_RESTORE not in json.dumps(first)
    volumes = later["spec"]["template"]["spec"]["volumes"]
    (holder,) = [volume for volume in volumes if pod.KEY_RESTORE in json.dumps(volume)]
    assert holder["name"] == "prepare-config"
    there, perhaps = (source["secret"] for source in holder["projected"]["sources"])
    assert ([i["key"] for i in there["items"]], there.get("optional", False)) == ([pod.KEY_CONFIG], False)
    assert ([i["key"] for i in perhaps["items"]], perhaps["optional"]) == ([pod.KEY_RESTORE], True)


def test_no_value_of_a_secret_is_in_the_job() -> None:
    """Who may read Jobs but not Secrets learns neither the task nor the store's credential."""
    text = json.dumps(build_job(attempt_of(EVERYTHING), example_settings()))
    for secret in ("TASK-TEXT", "example-access-key", "example-secret-key"):
        assert secret not in text


def test_the_trusted_containers_never_run_the_users_image() -> None:
    """`spec.image` is the agent's alone."""
    images = {name: container["image"] for name, container in containers(EVERYTHING).items()}
    settings = example_settings()
    assert images == {
        **dict.fromkeys(("model-proxy", "prepare", "courier"), settings.runtime_image),
        **dict.fromkeys(("postgres", "redis"), settings.services_image),
        "agent": EVERYTHING["image"],
        "desktop": settings.desktop_image,
        "notebook": settings.notebook_image,
    }


def test_what_must_not_change_under_a_container_is_read_only_for_it() -> None:
    """The courier archives the workspace and reads the count, it changes neither; configuration is read-only for all."""
    courier = {m["mountPath"]: m.get("readOnly", False) for m in containers(EVERYTHING)["courier"]["volumeMounts"]}
    assert courier[pod.WORKSPACE]
    assert courier[pod.PROXY_DIR]
    for container in containers(EVERYTHING).values():
        assert all(m["readOnly"] for m in container["volumeMounts"] if m["mountPath"] == pod.CONFIG_DIR)


def test_every_volume_that_is_written_has_a_size_limit() -> None:
    """A job can fill its own volumes, not the node's disk."""
    for volume in pod_spec(EVERYTHING)["volumes"]:
        assert "secret" in volume or volume["emptyDir"]["sizeLimit"]
