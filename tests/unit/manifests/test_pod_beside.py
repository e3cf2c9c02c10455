"""Desktop, notebook and services in the pod: on and off, who sees which volume and token, and what cannot harm the agent."""

import hashlib
import json
from typing import Any

import pytest
from agentjob_api import pod
from agentjob_api.job_config import JobConfig
from agentjob_operator.manifests import Tokens, build_job, build_secret
from agentjob_operator.settings import AccessSettings, BesideSettings, Settings
from attempts import EVERYTHING, GRANT, attempt_of
from generate.golden import EXAMPLE_TOKENS, example_settings

OFF = {"desktop": {"enabled": False}, "notebook": {"enabled": False}}


def pod_spec(spec: dict[str, Any], settings: Settings | None = None) -> dict[str, Any]:
    """The pod of the built Job."""
    built: dict[str, Any] = build_job(attempt_of(spec), settings or example_settings())
    template: dict[str, Any] = built["spec"]["template"]["spec"]
    return template


def secret_data(spec: dict[str, Any], settings: Settings | None = None) -> dict[str, str]:
    """The attempt's Secret."""
    attempt = attempt_of(spec)
    secret = build_secret(attempt, GRANT, EXAMPLE_TOKENS, settings or example_settings())
    data: dict[str, str] = secret["stringData"]
    return data


def mounts(built: dict[str, Any], container: str) -> dict[str, dict[str, Any]]:
    """Mounts of a container by path."""
    found = next(one for one in built["initContainers"] + built["containers"] if one["name"] == container)
    return {mount["mountPath"]: mount for mount in found["volumeMounts"]}


def test_what_is_switched_off_leaves_no_trace() -> None:
    """No image, container, volume, variable or token: a node need not even have the images."""
    built, data = pod_spec({"task": "x", **OFF}), secret_data({"task": "x", **OFF})
    assert [container["name"] for container in built["containers"]] == ["courier", "agent"]
    assert not {"x11", "desktop-home", "notebook-home"} & {volume["name"] for volume in built["volumes"]}
    assert [variable["name"] for variable in built["containers"][1]["env"]] == ["HOME"]
    assert not [key for key in data if "token" in key]
    config = JobConfig.from_json(data[pod.KEY_CONFIG])
    assert (config.desktop, config.notebook, config.services) == (None, None, ())


@pytest.mark.parametrize("chosen", [True, False])
def test_the_administrator_decides_only_what_the_spec_leaves_open(chosen: bool) -> None:
    """spec.desktop.enabled wins over the operator's default, both ways."""
    defaults = BesideSettings(desktop_enabled=not chosen, notebook_enabled=chosen)
    settings = example_settings().model_copy(update={"beside": defaults})
    names = {one["name"] for one in pod_spec({"task": "x", "desktop": {"enabled": chosen}}, settings)["containers"]}
    assert ("desktop" in names, "notebook" in names) == (chosen, chosen)


def test_each_token_is_mounted_only_where_it_is_checked() -> None:
    """The desktop gets a hash: through X the agent can type into its terminal and read what it can read."""
    holders = {
        item["key"]: volume["name"]
        for volume in pod_spec(EVERYTHING)["volumes"]
        for item in volume.get("secret", {}).get("items", [])
        if "token" in item["key"]
    }
    assert holders == {pod.KEY_DESKTOP_TOKEN_HASH: "desktop-config", pod.KEY_NOTEBOOK_TOKEN: "notebook-config"}
    data = secret_data(EVERYTHING)
    assert data[pod.KEY_DESKTOP_TOKEN_HASH] == hashlib.sha256(data[pod.KEY_DESKTOP_TOKEN].encode()).hexdigest()


def test_no_token_is_in_the_job() -> None:
    """Who may read Jobs but not Secrets gets into no desktop."""
    text = json.dumps(build_job(attempt_of(EVERYTHING), example_settings()))
    assert EXAMPLE_TOKENS.desktop not in text
    assert EXAMPLE_TOKENS.notebook not in text


def test_tokens_cannot_be_guessed_and_are_not_shown() -> None:
    """Each 256 random bits, another for each attempt; a log of the object shows neither."""
    tokens, others = Tokens.random(), Tokens.random()
    assert len({tokens.desktop, tokens.notebook, others.desktop, others.notebook}) == 4
    assert len(tokens.desktop) == 43
    assert tokens.desktop not in repr(tokens)


def test_the_desktop_sees_the_events_and_not_the_agents_lock() -> None:
    """A person's (or the agent's own) program in the desktop could hold the lock and the courier would wait for ever."""
    seen = mounts(pod_spec(EVERYTHING), "desktop")
    assert pod.RUN_DIR not in seen
    assert (seen[pod.EVENTS]["subPath"], seen[pod.EVENTS]["readOnly"]) == ("events.jsonl", True)


def test_the_agent_sees_of_the_desktop_the_x_socket_only() -> None:
    """VNC socket and password lie in a volume of the desktop alone; the socket's folder cannot be changed by the agent."""
    built = pod_spec(EVERYTHING)
    agent, desktop = mounts(built, "agent"), mounts(built, "desktop")
    shared = {mount["name"] for mount in agent.values()} & {mount["name"] for mount in desktop.values()}
    assert shared == {"workspace", "x11", "run"}
    assert agent[pod.X11_DIR]["readOnly"]
    assert not desktop[pod.X11_DIR].get("readOnly")


def test_filling_their_own_volumes_evicts_nobody() -> None:
    """A volume on disk above its limit evicts the pod, the agent with it; one in memory just refuses to grow."""
    built = pod_spec(EVERYTHING)
    volumes = {volume["name"]: volume for volume in built["volumes"]}
    for container in ("desktop", "notebook"):
        for path, mount in mounts(built, container).items():
            if not mount.get("readOnly") and path != pod.WORKSPACE:
                assert volumes[mount["name"]]["emptyDir"]["medium"] == "Memory", path


def test_only_the_courier_can_write_where_its_life_is_told() -> None:
    """The agent must not be able to end desktop and notebook, nor to keep them."""
    built = pod_spec(EVERYTHING)
    writers = [
        container["name"]
        for container in built["initContainers"] + built["containers"]
        for mount in container["volumeMounts"]
        if mount["name"] == "courier-life" and not mount.get("readOnly")
    ]
    assert writers == ["courier"]
    assert pod.COURIER_LIFE_DIR not in mounts(built, "agent")


def test_nothing_restarts_or_ends_a_desktop_but_its_supervisor() -> None:
    """A readiness probe only says; a liveness or startup probe would act."""
    for container in pod_spec(EVERYTHING)["containers"][2:]:
        assert "readinessProbe" in container
        assert not {"livenessProbe", "startupProbe"} & container.keys()
        assert container["command"][-3:] == [pod.ROLE_SUPERVISE, container["name"], "60"]


def test_the_deadline_includes_the_linger() -> None:
    """Otherwise the Job would end what was asked to stay."""
    plain, lingering = ({"task": "x"}, {"task": "x", "lingerSeconds": 500})
    deadlines = [
        build_job(attempt_of(s), example_settings())["spec"]["activeDeadlineSeconds"] for s in (plain, lingering)
    ]
    assert deadlines[1] - deadlines[0] == 500
    assert JobConfig.from_json(secret_data(lingering)[pod.KEY_CONFIG]).linger_seconds == 500


def test_what_a_proxy_leaves_in_the_path_is_told_to_both() -> None:
    """JupyterLab makes absolute links: it must know the path that people reach it under."""
    access = AccessSettings(url_template="https://x.example.com/p/{namespace}/{name}/{port}")
    settings = example_settings().model_copy(update={"access": access})
    config = JobConfig.from_json(secret_data(EVERYTHING, settings)[pod.KEY_CONFIG])
    assert config.desktop is not None
    assert config.notebook is not None
    assert (config.desktop.base_url, config.notebook.base_url) == ("/p/team/job/6080/", "/p/team/job/8888/")
    assert config.desktop.resolution == "1920x1080"
    assert config.model.images


def test_a_person_reaches_the_services_as_the_agent_does() -> None:
    """Terminals and kernels find the databases by the same variables; where the spec sets one, it wins for all three."""
    spec = {"task": "x", "services": ["Postgres", "Redis"], "env": [{"name": "PGDATABASE", "value": "other"}]}
    found = {
        one["name"]: {entry["name"]: entry.get("value") for entry in one["env"]} for one in pod_spec(spec)["containers"]
    }
    for container in ("agent", "notebook", "desktop"):
        assert found[container]["DATABASE_URL"] == "postgresql://agent@127.0.0.1:5432/agent"
        assert found[container]["REDIS_URL"] == "redis://127.0.0.1:6379/0"
        assert found[container]["PGDATABASE"] == "other"
    assert not [name for name in found["courier"] if name.startswith(("PG", "DATABASE", "REDIS"))]


@pytest.mark.parametrize("can", [True, False])
def test_a_killed_container_is_started_again_where_the_cluster_can(can: bool) -> None:
    """Only with the exit code of SIGKILL: whatever else ends would keep the finished pod. An older API server refuses the fields."""
    beside = BesideSettings(restart_killed=can)
    built = pod_spec(EVERYTHING, example_settings().model_copy(update={"beside": beside}))
    rules = {one["name"]: one.get("restartPolicyRules") for one in built["containers"]}
    killed = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [137]}}]
    expected = killed if can else None
    assert rules == {"courier": None, "agent": None, "desktop": expected, "notebook": expected}
    policies = {one["name"]: one.get("restartPolicy") for one in built["containers"]}
    assert policies["desktop"] == policies["notebook"] == ("Never" if can else None)
