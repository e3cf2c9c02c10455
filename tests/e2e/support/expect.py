"""What every end of an AgentJob must look like, whatever the test is about."""

import json

from agentjob_api.events import EventType
from agentjob_api.reasons import Reason
from agentjob_api.status import ConditionType, Phase

from e2e.support.api import Json
from e2e.support.tenant import status


def condition(job: Json, kind: ConditionType) -> Json:
    """The condition of that type, empty when there is none."""
    found: list[Json] = [entry for entry in status(job).get("conditions", []) if entry["type"] == kind]
    return found[0] if found else {}


def succeeded(job: Json) -> None:
    """Succeeded, consistently, with a verified archive."""
    _ended(job, Phase.SUCCEEDED, ConditionType.COMPLETE, Reason.COMPLETED)
    archived(job)


def failed(job: Json, reason: Reason, *words: str) -> None:
    """Failed for `reason`, consistently; each of `words` stands in the message that people read."""
    _ended(job, Phase.FAILED, ConditionType.FAILED, reason)
    message = status(job)["message"]
    missing = [word for word in words if word.lower() not in message.lower()]
    assert not missing, f"the message does not say {missing}: {message!r}"


def archived(job: Json) -> None:
    """An archive is recorded and can be downloaded."""
    artifacts = status(job).get("artifacts", {})
    assert condition(job, ConditionType.ARCHIVED).get("status") == "True", status(job)
    assert artifacts.get("downloadURL", "").startswith("http"), status(job)
    assert artifacts["workspace"]["bytes"] > 0
    assert len(artifacts["workspace"]["sha256"]) == 64


def not_archived(job: Json) -> None:
    """No archive is recorded, and nothing to download is promised."""
    assert condition(job, ConditionType.ARCHIVED).get("status") != "True", status(job)
    assert not status(job).get("artifacts", {}).get("downloadURL"), status(job)
    assert not status(job).get("artifacts", {}).get("workspace"), status(job)


def whole_log(lines: list[str]) -> None:
    """All events of an attempt that came to an end."""
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == EventType.SESSION
    assert events[-1]["type"] == EventType.RESULT


def attempts(job: Json, made: int, failures: int = 0, disruptions: int = 0) -> None:
    """How many attempts there were, and how those that did not end by themselves are counted."""
    counted = tuple(status(job).get(key, 0) for key in ("attempts", "failures", "disruptions"))
    assert counted == (made, failures, disruptions), status(job)


def _ended(job: Json, phase: Phase, kind: ConditionType, reason: Reason) -> None:
    found = status(job)
    seen = (found.get("phase"), found.get("reason"), found.get("message"))
    assert found.get("phase") == phase, seen
    assert found.get("reason") == reason, seen
    for name in (kind, ConditionType.FINISHED):
        assert condition(job, name).get("status") == "True", found["conditions"]
        assert condition(job, name)["reason"] == reason, found["conditions"]
    sentence(found["message"])
    assert found["observedGeneration"] == job["metadata"]["generation"]
    assert found["completionTime"]


def sentence(message: str) -> None:
    """A message for people: several words, beginning and ending as a sentence does, no traceback."""
    assert len(message.split()) >= 3, message
    assert "Traceback" not in message, message
    assert message.rstrip()[-1] in ".!?)\"'`", message
