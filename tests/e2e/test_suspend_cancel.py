"""What a person holds back or calls off: suspended, resumed with workspace and conversation, cancelled with an archive."""

import json
from pathlib import Path

import zstandard
from agentjob_api.grant import ObjectName
from agentjob_api.reasons import Reason
from agentjob_api.status import ConditionType

from e2e.support import expect, shell
from e2e.support.download import download
from e2e.support.script import after, done, sh, task, wait_for
from e2e.support.store import Store
from e2e.support.tenant import Tenant, agentjob, phase, status

_SCRIPT = task(sh("echo kept > kept.txt"), wait_for("/tmp/go"), after(sh("cat kept.txt")), done())

CASES = {
    "paused": agentjob("paused", _SCRIPT),
    "called-off": agentjob("called-off", task(sh("echo kept > kept.txt"), wait_for("/tmp/go"), done())),
    "never-began": agentjob("never-began", task(done()), cancel=True),
    "held-back": agentjob("held-back", task(done()), suspend=True),
}


def _set(tenant: Tenant, name: str, field: str, value: bool) -> None:
    patch = json.dumps({"spec": {field: value}})
    shell.kubectl("-n", tenant.namespace, "patch", "agj", name, "--type=merge", f"--patch={patch}")


def test_cancelled_before_it_began_there_is_no_pod(fleet: Tenant) -> None:
    """Nothing of it ever runs."""
    job = fleet.finished("never-began")
    assert phase(job) == "Cancelled"
    assert not fleet.pods("never-began")


def test_suspended_from_the_start_it_waits_for_its_person(fleet: Tenant) -> None:
    """No pod until `suspend` is taken back, then a run like any other."""
    fleet.reasoned("held-back", Reason.SUSPENDED)
    assert not fleet.pods("held-back")
    _set(fleet, "held-back", "suspend", False)
    expect.succeeded(fleet.finished("held-back"))


def test_cancelled_while_it_runs_its_workspace_is_archived(fleet: Tenant, tmp_path: Path) -> None:
    """The phase says who ended it; the work so far is there."""
    fleet.said("called-off", "holding-go")
    _set(fleet, "called-off", "cancel", True)
    job = fleet.finished("called-off")
    assert (phase(job), status(job)["reason"]) == ("Cancelled", Reason.CANCELLED)
    assert expect.condition(job, ConditionType.FINISHED)["status"] == "True"
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_suspended_and_resumed_it_goes_on_in_a_new_pod(fleet: Tenant, store: Store, tmp_path: Path) -> None:
    """Same workspace, same conversation: the prompt is in it once, and what was done is not done again."""
    fleet.said("paused", "holding-go")
    _set(fleet, "paused", "suspend", True)
    held = fleet.reasoned("paused", Reason.SUSPENDED)
    assert phase(held) == "Suspended"
    fleet.api.wait_empty(fleet.path("pods"), 60, labelSelector="agentjob.io/name=paused")
    _set(fleet, "paused", "suspend", False)
    job = fleet.finished("paused")
    expect.succeeded(job)
    expect.attempts(job, 2)
    assert status(job)["resumedFromAttempt"] == 1
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"
    stored = store.read(job, f"{job['metadata']['uid']}/2/{ObjectName.SESSION}")
    session = zstandard.ZstdDecompressor().stream_reader(stored).read().decode()
    # A line of the kind "compaction" repeats the conversation so far; only "message" says something.
    told = [line for line in session.splitlines() if line.startswith('{"kind":"message"') and "`````script" in line]
    assert len(told) == 1, session
