"""A hundred AgentJobs at once on a machine of two cores: they take turns, and each runs once."""

import os
import time

import pytest
from agentjob_api import names
from agentjob_api.status import TERMINAL_PHASES

from e2e.support import audit, expect
from e2e.support.api import Api
from e2e.support.release import RELEASE, SYSTEM
from e2e.support.script import done, sh, task
from e2e.support.tenant import Tenant, agentjob, phase

pytestmark = [pytest.mark.disturbs, pytest.mark.slow]
MANY = 100
ENOUGH = int(os.environ.get("AGENTJOB_E2E_ENOUGH", "50"))
"""How many are waited for; the others are deleted with their namespace, in whatever state they are."""
PATIENCE_SECONDS = 1200
OPERATOR_USER = f"system:serviceaccount:{SYSTEM}:{RELEASE}"
BUDGET_WRITES = 4
"""Create Secret, create Job, PATCH Running, PATCH terminal (DESIGN.md §6)."""
WAITING_WRITES = 2
"""It says that it is unschedulable, and that it is not any more."""
OURS = f"{names.LABEL_MANAGED_BY}={names.MANAGED_BY}"
# Eight at a time: with a dozen they only fight for two cores, with six these wait.
FEW = {"requests": {"cpu": "180m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}


def test_a_hundred_at_once(api: Api, tenant: Tenant) -> None:
    """What does not fit waits for its turn; none is lost, none runs twice, and the API is written to as budgeted."""
    began, log = time.monotonic(), audit.position()
    turns = (sh("echo kept > kept.txt"), done())
    jobs = [f"many-{number}" for number in range(MANY)]
    tenant.apply(*(agentjob(name, task(*turns), resources=FEW, limits={"startDeadlineSeconds": 3600}) for name in jobs))
    versions, enough = _watch_until(api, tenant, ENOUGH)
    print(f"\n{enough} of {MANY} AgentJobs ended within {time.monotonic() - began:.0f} s")
    found = api.items(tenant.path("agentjobs"))
    assert {job["metadata"]["name"] for job in found} == set(jobs)
    for job in found:
        if phase(job) in TERMINAL_PHASES:
            expect.succeeded(job)
            expect.attempts(job, 1)
    made = {kind: len(api.items(tenant.path(kind), labelSelector=OURS)) for kind in ("jobs", "secrets")}
    assert made == {"jobs": MANY, "secrets": MANY}
    # Every version but the one that was applied is a status that the operator wrote.
    writes = (versions - MANY + sum(made.values())) / MANY
    print(f"{writes:.2f} API writes per AgentJob, budget {BUDGET_WRITES} for one that ended and need not wait")
    assert writes <= BUDGET_WRITES + WAITING_WRITES
    if audit.AUDIT_LOG.exists():
        print(f"from the audit log: {dict(audit.writes_by(OPERATOR_USER, log, tenant.namespace))}")


def _watch_until(api: Api, tenant: Tenant, enough: int) -> tuple[int, int]:
    """How many versions of AgentJobs were seen, and how many ended, as soon as `enough` did."""
    versions, ended = set[str](), set[str]()
    for event, item in api.watch(tenant.path("agentjobs"), PATIENCE_SECONDS):
        changed = item["items"] if event == "LISTED" else [item]
        versions |= {job["metadata"]["resourceVersion"] for job in changed}
        ended |= {job["metadata"]["name"] for job in changed if phase(job) in TERMINAL_PHASES}
        if len(ended) >= enough:
            return len(versions), len(ended)
    raise AssertionError(f"only {len(ended)} AgentJobs ended within {PATIENCE_SECONDS} s")
