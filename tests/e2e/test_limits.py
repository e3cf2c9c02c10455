"""Hard limits: each ends the job with a reason of its own, and what was done until then is archived."""

from pathlib import Path

import pytest
from agentjob_api.reasons import Reason

from e2e.support import expect
from e2e.support.download import download
from e2e.support.script import after, done, priced, sh, task
from e2e.support.store import Store
from e2e.support.tenant import Tenant, agentjob, status

MIB = 1 << 20
WORK = sh("echo kept > kept.txt; head -c 1000 /dev/urandom > noise")
PRICED = {
    "prices": {"inputPerMillionTokens": "1", "outputPerMillionTokens": "2"},
}
DEAR = priced(sh("true"), 12_000, 100)
"""Two such turns pass 20,000 tokens, or 0.02 dollars."""
GROW = "head -c 50M /dev/urandom > part && for i in $(seq 200); do head -c 1M /dev/urandom > part$i || exit 1; sleep 0.5; done"
"""From nine tenths of 64 MiB to the end it takes three seconds: the agent looks every two, the kubelet when it pleases."""

CASES = {
    "steps": agentjob("steps", task(WORK, {**sh("true"), "repeat": 9}, done()), limits={"steps": 3}),
    "tokens": agentjob("tokens", task(WORK, DEAR, DEAR, DEAR, done()), limits={"tokens": 20_000}),
    "cost": agentjob("cost", task(WORK, DEAR, DEAR, DEAR, done()), limits={"costUSD": "0.02"}, model=PRICED),
    "timeout": agentjob("timeout", task(WORK, sh("sleep 600", 1000), done()), limits={"timeoutSeconds": 10}),
    "fast": agentjob(
        "fast", task(WORK, sh("head -c 300M /dev/urandom > big; echo $?"), done()), workspace={"size": "64Mi"}
    ),
    "slow": agentjob("slow", task(WORK, sh(GROW, 600), done()), workspace={"size": "64Mi"}),
    "too-large": agentjob(
        "too-large", task(WORK, sh("head -c 1M /dev/urandom > big"), done()), archive={"maxBytes": 200_000}
    ),
    "excluded": agentjob(
        "excluded",
        task(WORK, sh("mkdir node_modules && head -c 1M /dev/urandom > node_modules/big"), after(done(), exit_code=0)),
        archive={"maxBytes": 200_000},
    ),
}


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("steps", Reason.STEP_LIMIT, ["3", "steps"]),
        ("tokens", Reason.TOKEN_LIMIT, ["limits.tokens"]),
        ("cost", Reason.COST_LIMIT, ["limits.costUSD"]),
        ("timeout", Reason.TIMEOUT, ["10 s"]),
    ],
)
def test_a_limit_ends_the_job_and_keeps_the_work(
    fleet: Tenant, tmp_path: Path, name: str, reason: Reason, words: list[str]
) -> None:
    """A budget that is hard must end a job whose model would go on, and the user keeps what was paid for."""
    job = fleet.finished(name)
    expect.failed(job, reason, *words)
    expect.attempts(job, 1)
    expect.archived(job)
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_usage_is_what_the_proxy_counted(fleet: Tenant) -> None:
    """Tokens and dollars in the status come from where the agent cannot write."""
    usage = status(fleet.finished("cost"))["usage"]
    assert usage["inputTokens"] >= 12_000
    assert float(usage["costUSD"]) == pytest.approx((usage["inputTokens"] + 2 * usage["outputTokens"]) / 1e6, rel=1e-3)


@pytest.mark.parametrize("name", ["fast", "slow"])
def test_an_agent_that_fills_its_workspace_is_ended(fleet: Tenant, name: str) -> None:
    """Neither one large file nor many small ones may fill the node's disk or hang the job."""
    expect.failed(fleet.finished(name), Reason.WORKSPACE_FULL, "64Mi")


def test_a_workspace_that_fills_slowly_is_archived(fleet: Tenant, tmp_path: Path) -> None:
    """It ends before the kubelet evicts the pod, which would take the work along."""
    job = fleet.finished("slow")
    expect.archived(job)
    assert download(job, tmp_path).read("kept.txt") == b"kept\n"


def test_an_archive_over_its_limit_is_not_half_there(fleet: Tenant, store: Store) -> None:
    """`archive.maxBytes` is a promise to whoever pays for the store; the log is kept all the same."""
    job = fleet.finished("too-large")
    expect.failed(job, Reason.ARCHIVE_TOO_LARGE, "200,000")
    expect.not_archived(job)
    names = store.names_of(job)
    assert not [name for name in names if "workspace" in name]
    assert [name for name in names if "events/" in name]


def test_excluded_folders_do_not_count(fleet: Tenant) -> None:
    """What anybody can install again is neither packed nor counted."""
    expect.succeeded(fleet.finished("excluded"))
