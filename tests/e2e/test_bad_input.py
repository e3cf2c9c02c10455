"""Input that the API server itself refuses, as a user sees it: the field's path and a sentence. More in the API's own tests."""

import json

import pytest

from e2e.support import shell
from e2e.support.api import Json
from e2e.support.script import done, task, wait_for
from e2e.support.tenant import Tenant, agentjob, status

BAD: dict[str, tuple[Json, str]] = {
    "unknown engine": ({"engine": "Magic"}, "spec.engine"),
    "empty task": ({"task": ""}, "spec.task"),
    "task of 65,537 characters": ({"task": "x" * 65_537}, "spec.task"),
    "negative limit": ({"limits": {"tokens": -1}}, "spec.limits.tokens"),
    "zero limit": ({"limits": {"steps": 0}}, "spec.limits.steps"),
    "cost without prices": ({"limits": {"costUSD": "1"}}, "spec.limits.costUSD"),
    "bad url": ({"repository": {"url": "ssh://git@example.org/x.git"}}, "spec.repository.url"),
    "credential in the url": ({"repository": {"url": "https://me:secret@example.org/x.git"}}, "spec.repository.url"),
    "unknown field": ({"modle": {"name": "x"}}, "modle"),
}
CASES = {"running": agentjob("running", task(wait_for("/tmp/go"), done()))}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_the_fields_path(fleet: Tenant, case: str) -> None:
    """Nothing that cannot be run is accepted."""
    spec, path = BAD[case]
    manifest = agentjob("bad", "a task")
    manifest["spec"].update(spec)
    said = shell.refused("-n", fleet.namespace, "apply", "-f", "-", stdin=json.dumps(manifest))
    assert path in said, said


def test_a_task_of_65536_characters_is_taken(fleet: Tenant) -> None:
    """The bound itself is inside; in bytes it is larger than what fits into arguments of a program."""
    script = task(done())
    fleet.apply(agentjob("long", script + "ü" * (65_536 - len(script))))
    assert status(fleet.finished("long"))["phase"] == "Succeeded"


def test_a_running_spec_cannot_be_changed(fleet: Tenant) -> None:
    """What was started is what was applied; only the time to live may change."""
    fleet.running("running")
    patch = ("-n", fleet.namespace, "patch", "agj", "running", "--type=merge", "-p")
    said = shell.refused(*patch, '{"spec": {"task": "something else"}}')
    assert "spec" in said
    assert "immutable" in said or "cannot be changed" in said, said
    shell.kubectl(*patch, '{"spec": {"ttlSecondsAfterFinished": 86400}}')
    fleet.exec("running", "touch", "/tmp/go")
    assert status(fleet.finished("running"))["phase"] == "Succeeded"
