"""The operator's configuration, as environment and flags give it."""

import pytest
from agentjob_operator.settings import Settings
from pydantic import ValidationError

ENVIRONMENT = {
    "AGENTJOB_STORAGE__ENDPOINT": "http://minio:9000/",
    "AGENTJOB_STORAGE__ACCESS_KEY": "access",
    "AGENTJOB_STORAGE__SECRET_KEY": "hidden-key",
    "AGENTJOB_RUNTIME_IMAGE": "runtime:1",
    "AGENTJOB_AGENT_IMAGE": "agent:1",
    "AGENTJOB_DESKTOP_IMAGE": "desktop:1",
    "AGENTJOB_NOTEBOOK_IMAGE": "notebook:1",
    "AGENTJOB_SERVICES_IMAGE": "services:1",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the chart sets at least."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_the_least_environment_is_enough() -> None:
    """Everything else has a default."""
    settings = Settings.load()
    assert settings.storage.endpoint == settings.storage.download_endpoint == "http://minio:9000"
    assert settings.namespaces == ()


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chart sets all variables, those without a value empty."""
    for name in (
        "STORAGE__PUBLIC_ENDPOINT",
        "STORAGE__SESSION_TOKEN",
        "STORAGE__CA_PEM",
        "DEFAULT_MODEL__API_KEY_SECRET_NAME",
        "DEFAULT_MODEL__INPUT_PER_MILLION_TOKENS",
        "NAMESPACES",
        "IMAGE_PULL_SECRETS",
        "LEADER_ELECTION__LEASE_NAMESPACE",
    ):
        monkeypatch.setenv(f"AGENTJOB_{name}", "")
    settings = Settings.load()
    assert settings.storage.public_endpoint is None
    assert settings.storage.session_token is None
    assert settings.default_model.api_key_secret_name is None
    assert settings.default_model.input_per_million_tokens is None
    assert settings.leader_election.lease_namespace is None
    assert (settings.namespaces, settings.image_pull_secrets) == ((), ())


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who tries something out adds a flag."""
    monkeypatch.setenv("AGENTJOB_LOG_FORMAT", "json")
    monkeypatch.setenv("AGENTJOB_NAMESPACES", "a,b")
    assert Settings.load().namespaces == ("a", "b")
    settings = Settings.load(["--log-format", "console", "--namespaces", "c", "--leader-election.enabled", "false"])
    assert (settings.log_format, settings.namespaces, settings.leader_election.enabled) == ("console", ("c",), False)


@pytest.mark.parametrize(
    "flags",
    [
        ["--storage.secret-key", "hidden"],
        ["--storage.secret_key=hidden"],
        ["--storage.access-key=hidden"],
        ["--storage.secret", "hidden"],
        ["--storage.a=hidden"],
        ["--storage.session-token", "hidden"],
        ["--storage", '{"secret_key": "hidden"}'],
    ],
)
def test_a_secret_is_no_flag(flags: list[str]) -> None:
    """Argument lists are there for everybody on the machine to read; the refusal does not repeat the secret."""
    with pytest.raises(ValueError, match="environment") as refusal:
        Settings.load(flags)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORAGE__ENDPOINT", "minio:9000"),
        ("STORAGE__ENDPOINT", "http://minio:9000/bucket"),
        ("STORAGE__ENDPOINT", "http://user@minio:9000"),
        ("STORAGE__BUCKET", "Not_A_Bucket"),
        ("STORAGE__PREFIX", "/a/"),
        ("STORAGE__PREFIX", "a/../b c"),
        ("WORKERS", "0"),
        ("RESOURCES__AGENT", '{"requests": 3}'),
        ("IMAGE_PULL_POLICY", "Sometimes"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """And the message names the field, never a secret."""
    monkeypatch.setenv(f"AGENTJOB_{name}", value)
    with pytest.raises(ValidationError) as refusal:
        Settings.load()
    assert name.rsplit("__", maxsplit=1)[-1].lower() in str(refusal.value)
    assert "hidden-key" not in str(refusal.value)


def test_the_credential_is_not_in_the_settings_text() -> None:
    """They are logged at the start."""
    assert "hidden-key" not in repr(Settings.load())
    assert "hidden-key" not in Settings.load().model_dump_json()


def test_a_missing_value_is_named_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """pydantic would show all of its input, the credential included."""
    monkeypatch.delenv("AGENTJOB_RUNTIME_IMAGE")
    monkeypatch.delenv("AGENTJOB_STORAGE__ACCESS_KEY")
    with pytest.raises(ValidationError) as refusal:
        Settings.load()
    assert "runtime_image" in str(refusal.value)
    assert "access_key" in str(refusal.value)
    assert "hidden-key" not in str(refusal.value)


@pytest.mark.parametrize(
    "template", ["https://h/{pod}/", "https://h/{uid}/", "https://h/{name", "ftp://h/", "https://u@h/"]
)
def test_a_template_that_cannot_be_filled_in_is_refused(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, not with the first AgentJob; the pod's name is not known when the path must be."""
    monkeypatch.setenv("AGENTJOB_ACCESS__URL_TEMPLATE", template)
    with pytest.raises(ValidationError):
        Settings.load()


def test_the_pod_may_name_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wildcard ingresses want it."""
    monkeypatch.setenv("AGENTJOB_ACCESS__URL_TEMPLATE", "https://{port}-{pod}.example.com/")
    assert Settings.load().access.url_template == "https://{port}-{pod}.example.com/"
