"""`spec` is immutable but for a few fields; a terminal phase never changes."""

from typing import Any

import pytest
from agentjob_api.spec import MUTABLE_FIELDS, AgentJobSpec
from agentjob_api.status import TERMINAL_PHASES, Phase
from apiserver.client import AGENTJOBS, Answer, ApiClient, Cause, agentjob

ANOTHER_VALUE: dict[str, Any] = {
    "task": "y",
    "model": {"name": "another"},
    "limits": {"steps": 5},
    "repository": {"url": "https://git.example.com/a/b"},
    "desktop": {"enabled": False},
    "notebook": {"enabled": False},
    "services": ["Redis"],
    "workspace": {"size": "1Gi"},
    "archive": {"format": "TarZstd"},
    "network": {"egress": "None"},
    "image": "busybox",
    "resources": {"limits": {"cpu": 1}},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"operator": "Exists"}],
    "runtimeClassName": "gvisor",
    "priorityClassName": "low",
    "imagePullSecrets": [{"name": "registry"}],
    "env": [{"name": "A", "value": "1"}],
    "backoffLimit": 3,
    "lingerSeconds": 60,
}
"""For each field a value that a new AgentJob does not have."""
ONE_VALUE_ONLY = {"engine"}
"""There is only one engine yet: nothing to change it to."""
FIELDS = [field.alias or name for name, field in AgentJobSpec.model_fields.items()]


def test_every_immutable_field_is_tried() -> None:
    """A field that joins the spec must join these tests."""
    assert ANOTHER_VALUE.keys() | ONE_VALUE_ONLY | MUTABLE_FIELDS == set(FIELDS)


@pytest.mark.parametrize("field", sorted(ANOTHER_VALUE))
def test_a_field_cannot_be_set_or_changed_after_creation(api: ApiClient, namespace: str, field: str) -> None:
    """Optional fields are absent at first, so this is adding them; the others are changed from their default."""
    path = _created(api, namespace, agentjob("fixed"))
    _assert_refused(api.patch(path, {"spec": {field: ANOTHER_VALUE[field]}}), field)


@pytest.mark.parametrize("field", sorted(ANOTHER_VALUE.keys() - {"task"}))
def test_a_field_cannot_be_removed_after_creation(api: ApiClient, namespace: str, field: str) -> None:
    """Removing one that has a default sets the default, which is a change as well."""
    path = _created(api, namespace, agentjob("fixed", **{field: ANOTHER_VALUE[field]}))
    _assert_refused(api.patch(path, {"spec": {field: None}}), field)


@pytest.mark.parametrize("field", sorted(ANOTHER_VALUE))
def test_applying_the_same_again_changes_nothing(api: ApiClient, namespace: str, field: str) -> None:
    """`kubectl apply` twice is harmless: the rules compare values, not manifests."""
    path = _created(api, namespace, agentjob("fixed", **{field: ANOTHER_VALUE[field]}))
    assert api.patch(path, {"spec": {field: ANOTHER_VALUE[field]}}).or_fail()["metadata"]["generation"] == 1


def test_the_time_to_live_can_be_set_changed_and_removed(api: ApiClient, namespace: str) -> None:
    """The one field that concerns what happens after the end."""
    path = _created(api, namespace, agentjob("kept"))
    for value in (60, 0, None):
        stored = api.patch(path, {"spec": {"ttlSecondsAfterFinished": value}}).or_fail()
        assert stored["spec"].get("ttlSecondsAfterFinished") == value


def test_suspend_can_be_set_and_taken_back(api: ApiClient, namespace: str) -> None:
    """As often as somebody likes."""
    path = _created(api, namespace, agentjob("held"))
    for value in (True, False, True):
        assert api.patch(path, {"spec": {"suspend": value}}).or_fail()["spec"]["suspend"] is value


@pytest.mark.parametrize("later", [False, None])
def test_cancel_cannot_be_taken_back(api: ApiClient, namespace: str, later: bool | None) -> None:
    """Neither by another value nor by removing it; the field is named."""
    path = _created(api, namespace, agentjob("ended"))
    api.patch(path, {"spec": {"cancel": True}}).or_fail()
    answer = api.patch(path, {"spec": {"cancel": later}})
    assert answer.status == 422, answer.body
    assert any(_is(cause, "spec.cancel", "cancel cannot be taken back") for cause in answer.causes), answer.causes


@pytest.mark.parametrize("phase", TERMINAL_PHASES)
@pytest.mark.parametrize("status", [*({"phase": phase.value} for phase in Phase), {"phase": None}, None], ids=str)
def test_a_terminal_phase_never_changes(
    api: ApiClient, namespace: str, phase: Phase, status: dict[str, Any] | None
) -> None:
    """Neither to another phase nor to none, nor by taking the whole status away."""
    path = _created(api, namespace, agentjob("ended"))
    api.patch(f"{path}/status", {"status": {"phase": phase.value}}).or_fail()
    answer = api.patch(f"{path}/status", {"status": status})
    if status == {"phase": phase.value}:
        assert answer.accepted
    else:
        assert not answer.accepted
        assert [cause.field for cause in answer.causes] == ["status.phase"]
        assert "a terminal phase never changes" in answer.message


def test_the_rest_of_a_terminal_status_can_still_change(api: ApiClient, namespace: str) -> None:
    """The download URL is signed again for as long as the AgentJob exists."""
    path = _created(api, namespace, agentjob("ended"))
    api.patch(f"{path}/status", {"status": {"phase": "Succeeded"}}).or_fail()
    again = {"status": {"artifacts": {"downloadURL": "https://example.com/again"}}}
    assert api.patch(f"{path}/status", again).or_fail()["status"]["phase"] == "Succeeded"


@pytest.mark.parametrize("later", [phase.value for phase in Phase if phase is not Phase.PENDING])
def test_a_phase_that_is_not_terminal_can_change(api: ApiClient, namespace: str, later: str) -> None:
    """From Pending to anything: a job can fail before it ran."""
    path = _created(api, namespace, agentjob("going"))
    api.patch(f"{path}/status", {"status": {"phase": "Pending"}}).or_fail()
    assert api.patch(f"{path}/status", {"status": {"phase": later}}).accepted


def _created(api: ApiClient, namespace: str, body: dict[str, Any]) -> str:
    collection = AGENTJOBS.format(namespace)
    return f"{collection}/{api.create(collection, body).or_fail()['metadata']['name']}"


def _assert_refused(answer: Answer, field: str) -> None:
    assert answer.status == 422, answer.body
    sentence = f"spec.{field} cannot be changed after creation; create a new AgentJob"
    assert any(_is(cause, f"spec.{field}", sentence) for cause in answer.causes), answer.causes


def _is(cause: Cause, field: str, sentence: str) -> bool:
    return cause.field == field and sentence in cause.message
