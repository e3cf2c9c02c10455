"""A hundred AgentJobs at once: all run to their end on a machine of two cores, each once."""

import time

import pytest
from agentjob_api.status import TERMINAL_PHASES

from e2e.support import audit, expect
from e2e.support.api import Api
from e2e.support.release import RELEASE, SYSTEM
from e2e.support.script import done, sh, task
from e2e.support.tenant import Tenant, agentjob, phase

pytestmark = [pytest.mark.disturbs, pytest.mark.slow]
MANY = 100
PATIENCE_SECONDS = 1200
OPERATOR_USER = f"system:serviceaccount:{SYSTEM}:{RELEASE}"
BUDGET_WRITES = 4
"""Create Secret, create Job, PATCH Running, PATCH terminal (DESIGN.md §6)."""
TINY = {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}


def test_a_hundred_at_once(api: Api, tenant: Tenant) -> None:
    """What does not fit waits for its turn; none is lost, none runs twice, and the API is written to as budgeted."""
    began, log = time.monotonic(), audit.position()
    turns = (sh("echo kept > kept.txt"), done())
    jobs = [f"many-{number}" for number in range(MANY)]
    tenant.apply(
        *(agentjob(name, task(*turns), resources=TINY, limits={"startDeadlineSeconds": 3600}) for name in jobs)
    )
    left = set(jobs)
    for event, item in api.watch(tenant.path("agentjobs"), PATIENCE_SECONDS):
        changed = item["items"] if event == "LISTED" else [item]
        left -= {job["metadata"]["name"] for job in changed if phase(job) in TERMINAL_PHASES}
        if not left:
            break
    print(f"{MANY - len(left)} of {MANY} AgentJobs ended within {time.monotonic() - began:.0f} s")
    assert not left
    for job in api.items(tenant.path("agentjobs")):
        expect.succeeded(job)
        expect.attempts(job, 1)
    assert len(api.items(tenant.path("jobs"))) == MANY
    if audit.AUDIT_LOG.exists():
        _check_writes(tenant, log)


def _check_writes(tenant: Tenant, since: int) -> None:
    counts = audit.writes_by(OPERATOR_USER, since, tenant.namespace)
    events = sum(count for kind, count in counts.items() if kind.endswith("events"))
    writes = (counts.total() - events) / MANY
    print(f"API writes per AgentJob: {writes:.2f} and {events / MANY:.2f} Events; {dict(counts)}")
    # A job that had to wait for room says so: one more PATCH each time that its reason changes.
    assert counts["create jobs"] == counts["create secrets"] == MANY
    assert writes <= BUDGET_WRITES + 2
