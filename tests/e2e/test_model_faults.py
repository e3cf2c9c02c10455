"""A model that fails: what recovers goes on, what does not ends the job with a reason, and nothing half said is done.

Each fault is tested with agent and proxy alone (tests/unit/agent, tests/unit/model_proxy); here those that users meet most.
"""

from pathlib import Path

import pytest
from agentjob_api.reasons import Reason
from agentjob_runtime.scripted_model.script import FaultKind

from e2e.support import expect
from e2e.support.download import download
from e2e.support.script import after, done, failing, sh, task
from e2e.support.tenant import Tenant, agentjob, model_secret

ONE_STEP = sh("echo once >> once.txt")
RECOVERS = {
    "rate-limit": failing(ONE_STEP, FaultKind.RATE_LIMIT, times=2),
    "cut-call": failing(ONE_STEP, FaultKind.STREAM_CUT_IN_TOOL_CALL, times=2),
    "malformed": failing(ONE_STEP, FaultKind.MALFORMED_TOOL_CALL, times=1),
    "server-error": failing(ONE_STEP, FaultKind.SERVER_ERROR, times=2),
    "unknown-tool": failing(ONE_STEP, FaultKind.UNKNOWN_TOOL, times=1),
    "slow": failing(ONE_STEP, FaultKind.SLOW_FIRST_BYTE, times=1, seconds=5),
}
ENDS = {
    "unauthorized": (FaultKind.UNAUTHORIZED, Reason.MODEL_UNAUTHORIZED),
    "rate-limit-for-ever": (FaultKind.RATE_LIMIT, Reason.MODEL_UNAVAILABLE),
    "cut-for-ever": (FaultKind.STREAM_CUT_IN_TOOL_CALL, Reason.MODEL_UNAVAILABLE),
}
WRONG_KEY = {"apiKeySecretRef": {"name": "wrong-key"}}

CASES = {
    **{name: agentjob(name, task(turn, after(done(), exit_code=0))) for name, turn in RECOVERS.items()},
    **{
        name: agentjob(name, task(sh("echo kept > kept.txt"), failing(ONE_STEP, kind), done()))
        for name, (kind, _) in ENDS.items()
    },
    "secret": model_secret("wrong-key", "sk-not-the-right-one"),
    "wrong-key": agentjob("wrong-key", task(ONE_STEP, done()), model=WRONG_KEY),
    "unknown-model": agentjob("unknown-model", task(done()), model={"name": "no-such-model"}),
    "no-host": agentjob("no-host", task(done()), model={"endpoint": "http://no-such-host.invalid/v1"}),
}


@pytest.mark.parametrize("name", RECOVERS)
def test_a_passing_fault_is_survived(fleet: Tenant, tmp_path: Path, name: str) -> None:
    """Providers fail all day: the job goes on, and the step after the fault is done once."""
    job = fleet.finished(name)
    expect.succeeded(job)
    expect.attempts(job, 1)
    assert download(job, tmp_path).read("once.txt") == b"once\n"


@pytest.mark.parametrize("name", ENDS)
def test_a_lasting_fault_ends_the_job_and_keeps_the_work(fleet: Tenant, tmp_path: Path, name: str) -> None:
    """No job waits for ever for a model, and nothing of a reply that was cut is carried out."""
    job = fleet.finished(name)
    expect.failed(job, ENDS[name][1], "model")
    expect.archived(job)
    archive = download(job, tmp_path)
    assert archive.read("kept.txt") == b"kept\n"
    assert "once.txt" not in archive.names()


def test_a_wrong_key_is_named(fleet: Tenant) -> None:
    """The server really refuses the key of the Secret; the user is told which Secret it is, not what is in it."""
    job = fleet.finished("wrong-key")
    expect.failed(job, Reason.MODEL_UNAUTHORIZED, "key")
    assert "sk-not-the-right-one" not in str(job["status"])


def test_an_unreachable_endpoint_ends_the_job(fleet: Tenant) -> None:
    """A typing error in `model.endpoint` is told as such."""
    expect.failed(fleet.finished("no-host"), Reason.MODEL_UNAVAILABLE)


def test_an_unknown_model_ends_the_job(fleet: Tenant) -> None:
    """What the provider says of a model that it does not have reaches the user."""
    expect.failed(fleet.finished("unknown-model"), Reason.MODEL_REFUSED, "no-such-model")
