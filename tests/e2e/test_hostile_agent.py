"""An agent that is killed, or does its worst: the job ends once, with the right reason, and the work is archived."""

from pathlib import Path
from typing import Any

import pytest
from agentjob_api.reasons import Reason

from e2e.support import expect
from e2e.support.api import Json
from e2e.support.download import download
from e2e.support.script import Turn, done, give_up, sh, task, wait_for
from e2e.support.store import Store
from e2e.support.tenant import Tenant, agentjob, status

KEEP = sh("echo kept > kept.txt")
CLAIM = '{"verdict":"Success","reason":"Completed","message":"all is well","steps":1,"sessionId":"x"}'
LIE = f"printf '%s' '{CLAIM}' > /run/agentjob/result.json"
FORKS = "for i in $(seq 100); do sleep 9999 & done"
TICKS = "while :; do date >> ticks; sleep 0.02; done"
KILL = "pkill -9 -f 'agentjob_[r]untime agent'"
# Many small processes: the kernel takes the largest, which is the agent itself.
HOG = "python3 -c 'import time; b = bytearray(b\"x\" * 15_000_000); time.sleep(60)'"
FILL_MEMORY = f"for i in $(seq 20); do {HOG} & sleep 0.3; done; wait"


def _job(name: str, *turns: Turn, **spec: Any) -> Json:
    return agentjob(name, task(KEEP, *turns), **spec)


SURVIVES = {
    "flood": sh("yes 'a line of forty characters, again and again' | head -c 1G", 600),
    "flood-log": sh("head -c 1G /dev/zero | tr '\\0' x > /proc/1/fd/1", 600),
    "background": sh(f"(setsid sleep 9999 &) ; {FORKS}; nohup sh -c '{TICKS}' >/dev/null 2>&1 & echo started"),
    "deletes": sh("rm -rf /run/agentjob/* /run/agentjob/.[!.]*; ls -la /run/agentjob"),
}
CASES = {
    **{name: _job(name, turn, sh("echo went on"), done()) for name, turn in SURVIVES.items()},
    "killed": _job("killed", sh(f"{KILL}; sleep 60"), done()),
    "killed-init": _job("killed-init", sh("kill -9 1; kill -TERM -1; sleep 60"), done()),
    "killed-and-lied": _job("killed-and-lied", sh(f"{LIE}; {KILL}; sleep 60"), done()),
    "killed-from-outside": _job(
        *("killed-from-outside", sh("sleep 31"), wait_for("/tmp/go"), done()),
        backoffLimit=1,
        workspace={"checkpointSeconds": 30},
    ),
    "oom": _job(
        "oom", sh(FILL_MEMORY), done(), resources={"limits": {"memory": "256Mi"}, "requests": {"memory": "32Mi"}}
    ),
    "oom-at-start": _job(
        "oom-at-start", done(), resources={"limits": {"memory": "12Mi"}, "requests": {"memory": "12Mi"}}
    ),
    "gives-up": _job("gives-up", sh(LIE), give_up("The task cannot be done: there is no such machine.")),
    "result-is-a-folder": _job("result-is-a-folder", sh("mkdir -p /run/agentjob/result.json/x"), done()),
    "result-is-a-pipe": _job("result-is-a-pipe", sh(f"mkfifo /run/agentjob/result.json; {KILL}; sleep 60")),
}


@pytest.mark.parametrize("name", SURVIVES)
def test_what_does_not_hurt(fleet: Tenant, tmp_path: Path, name: str) -> None:
    """Floods, stray processes and vandalism of the shared folder neither hang the job nor change what it says."""
    job = fleet.finished(name)
    expect.succeeded(job)
    expect.attempts(job, 1)
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_the_log_outlives_an_agent_that_deletes_it(fleet: Tenant, store: Store) -> None:
    """The courier opened the event file before the agent could run anything."""
    job = fleet.finished("deletes")
    expect.whole_log(store.log(job))


@pytest.mark.parametrize("name", ["killed", "killed-and-lied", "result-is-a-pipe"])
def test_an_agent_that_dies_by_sigkill_is_archived(fleet: Tenant, tmp_path: Path, name: str) -> None:
    """The kernel lets go of the lock and the courier goes on; a claim left behind by a dead agent is not believed."""
    job = fleet.finished(name)
    expect.failed(job, Reason.AGENT_KILLED)
    expect.attempts(job, 1, failures=1)
    expect.archived(job)
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_init_cannot_be_killed_from_inside(fleet: Tenant) -> None:
    """Whatever a command signals, the job ends and is archived."""
    job = fleet.finished("killed-init")
    assert status(job)["reason"] in {Reason.AGENT_KILLED, Reason.AGENT_CRASHED, Reason.COMPLETED}
    expect.archived(job)


def test_an_agent_that_is_killed_from_outside_goes_on_from_its_checkpoint(fleet: Tenant, tmp_path: Path) -> None:
    """A crash counts against `backoffLimit`; the second attempt has a pod and a prefix of its own, and the first one's work."""
    fleet.said("killed-from-outside", "holding-go")
    # The container ends with the agent, and may take the shell with it before it has said how it ended.
    fleet.exec("killed-from-outside", "sh", "-c", KILL, check=False)
    fleet.running("killed-from-outside", attempt=2)
    fleet.said("killed-from-outside", "holding-go")
    fleet.exec("killed-from-outside", "touch", "/tmp/go")
    job = fleet.finished("killed-from-outside")
    expect.succeeded(job)
    expect.attempts(job, 2, failures=1)
    assert status(job)["resumedFromAttempt"] == 1
    assert "/2/" in status(job)["artifacts"]["workspace"]["key"]
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"
    assert len(fleet.pods("killed-from-outside")) == 2


def test_an_agent_out_of_memory_is_named_and_archived(fleet: Tenant, tmp_path: Path) -> None:
    """The kernel's OOM killer takes the agent itself."""
    job = fleet.finished("oom")
    expect.failed(job, Reason.AGENT_OOM_KILLED, "memory")
    expect.archived(job)
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


@pytest.mark.late
def test_an_agent_without_the_memory_to_start_is_named(fleet: Tenant) -> None:
    """It dies before it holds the lock: the courier must not wait for it for ever."""
    expect.failed(fleet.finished("oom-at-start", 420), Reason.AGENT_OOM_KILLED, "memory")


def test_the_verdict_is_the_agents_last_word(fleet: Tenant) -> None:
    """A claim of success that a command wrote is replaced by what the agent itself concludes; the work is kept."""
    job = fleet.finished("gives-up")
    expect.failed(job, Reason.AGENT_FAILED, "no such machine")
    expect.attempts(job, 1)
    expect.archived(job)


def test_a_result_that_cannot_be_written_ends_the_job(fleet: Tenant) -> None:
    """A folder in the place of the result is no reason to hang."""
    job = fleet.finished("result-is-a-folder")
    assert status(job)["reason"] in {Reason.COMPLETED, Reason.AGENT_CRASHED}
    expect.archived(job)
