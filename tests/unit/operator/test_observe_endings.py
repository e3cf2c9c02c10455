"""Every way an attempt can end, as pods, Jobs and the store show it, and the reason that follows."""

from dataclasses import dataclass, field, replace

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import PrepareFailure, ProxyUsage, Verdict
from agentjob_operator.model import Ending, Evidence, Need, Stage
from agentjob_operator.objects import Job, Pod
from agentjob_operator.observe import observe
from unit.operator.clusterobjects import (
    NOW,
    PREFIX,
    UID,
    agentjob,
    archive,
    at,
    at_work,
    condition,
    ended,
    job,
    pod,
    recorded,
    report,
    running,
)

KNOWN = Evidence(prefix=PREFIX, archive_checked=True, report_checked=True, usage_checked=True, job_checked=True)
DISRUPTED = condition("DisruptionTarget", "EvictionByEvictionAPI", "Eviction API: evicting")
FAILED = {"phase": "Failed"}


@dataclass(frozen=True)
class Case:
    """`pod` None: it is gone without a trace."""

    name: str
    reason: Reason
    pod: Pod | None
    job: Job | None = field(default_factory=job)
    evidence: Evidence = KNOWN
    says: str = ""


def _done(agent: int = 0, why: str = "", message: str | None = None, **more: object) -> Pod:
    courier = ended(message=report() if message is None else message)
    return pod(
        {"phase": "Succeeded" if agent == 0 else "Failed", **more}, **at_work(agent=ended(agent, why), courier=courier)
    )


def _prepare(code: int, message: str, why: str = "") -> Pod:
    return pod({"phase": "Pending"}, model_proxy=running(), prepare=ended(code, why, message))


def _claim(verdict: Verdict, reason: Reason | None, exit_code: int, text: str = "Words.", **more: object) -> Pod:
    return _done(exit_code, message=report(verdict, reason=reason, message=text, **more))


def _failure(reason: Reason) -> str:
    return PrepareFailure(reason=reason, message="The host says no.").to_json()


CASES = [
    Case("success", Reason.COMPLETED, _done()),
    Case("success, told by the store alone", Reason.COMPLETED, None, job(condition("Complete")), Evidence(
        prefix=PREFIX, archive_checked=True, report_checked=True, stored_report=report().encode())),
    Case("exit 0 alone is no success", Reason.COURIER_CRASHED, _done(message="")),
    Case("a result file says success, the exit code does not", Reason.AGENT_CRASHED, _done(1), says="exit code 1"),
    Case("success without archive", Reason.ARCHIVE_TOO_LARGE, _done(message=report(
        workspace=None, archive_reason=Reason.ARCHIVE_TOO_LARGE, archive_message="6 GB."))),
    Case("success, archive not as reported", Reason.ARCHIVE_FAILED, _done(), evidence=Evidence(
        prefix=PREFIX, archive_checked=True, archive_problem="5 bytes, not 7"), says="5 bytes, not 7"),
    Case("own verdict", Reason.AGENT_FAILED, _claim(Verdict.FAILURE, Reason.AGENT_FAILED, 10), says="Words."),
    Case("stuck", Reason.STUCK, _claim(Verdict.CRASH, Reason.STUCK, 12)),
    Case("format errors", Reason.FORMAT_ERRORS, _claim(Verdict.CRASH, Reason.FORMAT_ERRORS, 12)),
    Case("context", Reason.CONTEXT_OVERFLOW, _claim(Verdict.CRASH, Reason.CONTEXT_OVERFLOW, 12)),
    Case("model 401", Reason.MODEL_UNAUTHORIZED, _claim(Verdict.CRASH, Reason.MODEL_UNAUTHORIZED, 12)),
    Case("model 400", Reason.MODEL_REFUSED, _claim(Verdict.CRASH, Reason.MODEL_REFUSED, 12)),
    Case("model down", Reason.MODEL_UNAVAILABLE, _claim(Verdict.CRASH, Reason.MODEL_UNAVAILABLE, 12)),
    Case("steps", Reason.STEP_LIMIT, _claim(Verdict.LIMIT, Reason.STEP_LIMIT, 11)),
    Case("time", Reason.TIMEOUT, _claim(Verdict.LIMIT, Reason.TIMEOUT, 11)),
    Case("workspace", Reason.WORKSPACE_FULL, _claim(Verdict.LIMIT, Reason.WORKSPACE_FULL, 11)),
    Case("tokens, named by the agent", Reason.TOKEN_LIMIT, _claim(
        Verdict.LIMIT, Reason.TOKEN_LIMIT, 11, "9 of 8.", usage=ProxyUsage(limit_reached=Reason.TOKEN_LIMIT)), says="9 of 8."),
    Case("tokens, counted by the proxy, beat a claimed crash", Reason.TOKEN_LIMIT, _claim(
        Verdict.CRASH, Reason.MODEL_REFUSED, 12, usage=ProxyUsage(limit_reached=Reason.TOKEN_LIMIT))),
    Case("cost, counted by the proxy, without a verdict", Reason.COST_LIMIT, _claim(
        Verdict.NONE, None, 137, usage=ProxyUsage(limit_reached=Reason.COST_LIMIT))),
    Case("an agent cannot call itself disrupted", Reason.AGENT_CRASHED, _claim(Verdict.CRASH, Reason.DISRUPTED, 12)),
    Case("an agent cannot fail as completed", Reason.AGENT_FAILED, _claim(Verdict.FAILURE, Reason.COMPLETED, 10)),
    Case("OOM", Reason.AGENT_OOM_KILLED, _done(137, "OOMKilled", report(Verdict.NONE))),
    Case("SIGKILL", Reason.AGENT_KILLED, _done(137, "", report(Verdict.NONE)), says="signal 9"),
    Case("no verdict", Reason.AGENT_CRASHED, _done(1, "", report(Verdict.NONE)), says="exit code 1"),
    Case("evicted while working", Reason.DISRUPTED, _done(
        12, "", report(Verdict.CRASH, reason=Reason.AGENT_KILLED, terminated=True), conditions=[DISRUPTED])),
    Case("pod deleted by hand", Reason.DISRUPTED, _done(12, "", report(Verdict.NONE, terminated=True))),
    Case("success beats an eviction that came too late", Reason.COMPLETED, _done(conditions=[DISRUPTED])),
    Case("Job deleted by hand, its pod still archived", Reason.ATTEMPT_LOST, _done(
        12, "", report(Verdict.NONE, terminated=True)), None),
    Case("Job and pod gone", Reason.ATTEMPT_LOST, None, None),
    Case("pod gone, the Job says why", Reason.DISRUPTED, None, job(condition(
        "Failed", "PodFailurePolicy", "Pod x has condition DisruptionTarget"))),
    Case("pod gone, the Job does not say why", Reason.ATTEMPT_LOST, None, job(condition("Failed", "BackoffLimitExceeded"))),
    Case("the Job's deadline", Reason.TIMEOUT, None, job(condition("FailureTarget", "DeadlineExceeded"), condition("Failed", "DeadlineExceeded"))),
    Case("the Job's deadline while the agent never started", Reason.START_DEADLINE_EXCEEDED, pod(
        {"phase": "Failed"}, model_proxy=running(), prepare=running()), job(condition("Failed", "DeadlineExceeded"))),
    Case("the Job's deadline while the agent worked", Reason.TIMEOUT, pod(
        FAILED, **at_work(agent=ended(137))), job(condition("Failed", "DeadlineExceeded"))),
    Case("workspace evicted", Reason.WORKSPACE_FULL, pod({**FAILED, "reason": "Evicted", "message":
        'Usage of EmptyDir volume "workspace" exceeds the limit "1Gi".'})),
    Case("ephemeral storage evicted", Reason.WORKSPACE_FULL, pod({**FAILED, "reason": "Evicted", "message":
        'Container agent exceeded its local ephemeral storage limit "1Gi".'})),
    Case("node pressure", Reason.DISRUPTED, pod({**FAILED, "reason": "Evicted", "message": "The node was low on resource: memory.",
        "conditions": [condition("DisruptionTarget", "TerminationByKubelet")]})),
    Case("kubelet refuses the pod", Reason.POD_FAILED, pod({**FAILED, "reason": "UnexpectedAdmissionError", "message": "no gpu"}), says="no gpu"),
    Case("node gone", Reason.DISRUPTED, pod(deletion=at(-61), **at_work())),
    Case("pod deleted while it prepares", Reason.DISRUPTED, pod(
        {"phase": "Pending"}, deletion=at(100), model_proxy=running(), prepare=ended(143))),
    Case("pod deleted, its courier killed", Reason.DISRUPTED, pod(deletion=at(0), **at_work(
        agent=ended(137), courier=ended(137)))),
    Case("Job deleted while its pod prepares", Reason.PREPARE_FAILED, pod(
        {"phase": "Pending"}, deletion=at(100), model_proxy=running(), prepare=ended(143)), None),
    Case("clone refused", Reason.REPOSITORY_UNAUTHORIZED, _prepare(20, _failure(Reason.REPOSITORY_UNAUTHORIZED)), says="The host says no."),
    Case("host unknown", Reason.REPOSITORY_UNREACHABLE, _prepare(20, _failure(Reason.REPOSITORY_UNREACHABLE))),
    Case("no such repository", Reason.REPOSITORY_NOT_FOUND, _prepare(20, _failure(Reason.REPOSITORY_NOT_FOUND))),
    Case("no such ref", Reason.REF_NOT_FOUND, _prepare(20, _failure(Reason.REF_NOT_FOUND))),
    Case("prepare claims what it may not", Reason.PREPARE_FAILED, _prepare(20, _failure(Reason.COMPLETED))),
    Case("prepare says nothing", Reason.PREPARE_FAILED, _prepare(1, "Traceback"), says="exit code 1"),
    Case("prepare OOM", Reason.PREPARE_FAILED, _prepare(137, "", "OOMKilled"), says="memory"),
    Case("courier OOM", Reason.COURIER_CRASHED, pod(**at_work(courier=ended(137, "OOMKilled"))), says="memory"),
    Case("the agent's image has no such program", Reason.AGENT_CRASHED, pod(**at_work(
        agent=ended(128, "StartError", 'exec: "catatonit": not found'))), says="built on the project's agent image"),
    Case("the agent died before it told the courier", Reason.AGENT_CRASHED, pod(**at_work(
        agent=ended(127, started=-160, finished=-121)))),
    Case("the courier hangs", Reason.COURIER_CRASHED, pod(**at_work(agent=ended(0, started=-9000, finished=-3700)))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reason_of(case: Case) -> None:
    """What happened leads to the reason that a user reads."""
    ending = _ending(case)
    assert ending.reason is case.reason
    assert case.says in ending.message
    assert ending.message.endswith((".", "…"))


def _ending(case: Case) -> Ending:
    told = recorded() if case.pod is None else recorded(phase="Pending", reason=None)
    observed = observe(agentjob(told), case.job, case.pod, case.evidence, NOW)
    assert observed.stage is Stage.ENDED, observed
    assert observed.ending is not None
    return observed.ending


@pytest.mark.parametrize(
    ("evidence", "need"),
    [
        (Evidence(prefix=PREFIX), Need.JOB),
        (Evidence(prefix=PREFIX, job_checked=True), Need.REPORT),
        (Evidence(prefix=PREFIX, job_checked=True, report_checked=True), Need.USAGE),
        (Evidence(prefix=PREFIX, job_checked=True, report_checked=True, stored_report=report().encode()), Need.ARCHIVE),
    ],
)
def test_what_is_gone_is_believed_only_step_by_step(evidence: Evidence, need: Need) -> None:
    """A GET of the Job, then result.json, then the archive: only then is an attempt concluded that left no pod."""
    assert observe(agentjob(recorded()), None, None, evidence, NOW).needs == {need}


@pytest.mark.parametrize(
    "message",
    [
        report(uid="another"),
        report(attempt=2),
        report().replace('"version":1', '"version":2'),
        report(workspace=archive(key="ns/other/uid/1/workspace.zip")),
        report(workspace=archive(key=f"{PREFIX}../2/workspace.zip")),
        report(workspace=archive(key=f"{PREFIX}result.json")),
        report(workspace=archive(bytes=-1)),
        report(workspace=archive(sha256="ab" * 33)),
        report(log_key="ns/other/events/"),
        report(usage=ProxyUsage(cost_usd="NaN")),
        report(usage=ProxyUsage(cost_usd="-1")),
        report(usage=ProxyUsage(input_tokens=-5)),
        report(steps=10**16),
        '{"verdict": "Success"}',
        "[" * 10_000,
        "\x00\xff",
        "x" * 20_000,
    ],
)
def test_a_forged_report_is_no_report(message: str) -> None:
    """Whoever can write a Pod's status must not get a success, a foreign download or a wrong bill out of it."""
    states = at_work(agent=ended(), courier=ended(message=message))
    observed = observe(agentjob(recorded()), job(), pod({"phase": "Succeeded"}, **states), KNOWN, NOW)
    assert observed.ending is not None
    assert observed.ending.reason is Reason.COURIER_CRASHED
    assert observed.ending.report is None


def test_a_courier_may_take_its_time_after_an_agent_that_started() -> None:
    """An exit code of the contract, or a minute of work, says that the courier knows of it: it packs."""
    for agent in (ended(12, started=-160, finished=-121), ended(137, started=-200, finished=-121)):
        observed = observe(agentjob(recorded()), job(), pod(**at_work(agent=agent)), KNOWN, NOW)
        assert observed.stage is Stage.RUNNING


def test_without_a_verdict_the_agents_end_is_waited_for() -> None:
    """The courier is woken by the kernel before the kubelet tells how the agent ended."""
    states = at_work(courier=ended(message=report(Verdict.NONE)))
    observed = observe(agentjob(recorded()), job(), pod(**states), KNOWN, NOW)
    assert observed.stage is Stage.RUNNING


def test_an_attempt_that_is_ended_early_is_marked_alive() -> None:
    """Its Job must be deleted: the agent would go on, and nobody would keep what it does."""
    states = at_work(courier=ended(137, "OOMKilled"))
    observed = observe(agentjob(recorded()), job(), pod(**states), KNOWN, NOW)
    assert observed.ending is not None
    assert observed.ending.alive


def test_an_agent_that_outlived_its_time_is_archived_and_ended() -> None:
    """It was stopped (SIGSTOP): the courier did not wait for it, and its Job must go."""
    message = report(Verdict.LIMIT, reason=Reason.TIMEOUT, message="It did not end.")
    observed = observe(agentjob(recorded()), job(), pod(**at_work(courier=ended(message=message))), KNOWN, NOW)
    assert observed.ending is not None
    assert (observed.ending.reason, observed.ending.alive) == (Reason.TIMEOUT, True)
    assert observed.ending.archive is not None


USAGE = ProxyUsage(requests=3, input_tokens=900, output_tokens=90, cost_usd="0.5")


@pytest.mark.parametrize(
    ("stored", "usage"),
    [
        (USAGE.to_json().encode(), USAGE),
        (None, None),
        (b"{", None),
        (b'{"inputTokens": -1}', None),
        (b'{"costUsd": "NaN"}', None),
        (b" " * 20_000, None),
    ],
)
def test_without_a_report_the_count_that_was_stored_is_what_was_spent(
    stored: bytes | None, usage: ProxyUsage | None
) -> None:
    """An evicted attempt must not be free; what cannot be believed is not booked."""
    known = replace(KNOWN, stored_usage=stored)
    observed = observe(agentjob(recorded()), job(), pod({**FAILED, "reason": "Evicted", "message": "low"}), known, NOW)
    assert observed.ending is not None
    assert observed.ending.usage == usage


def test_the_report_of_a_deleted_pod_is_read_from_its_last_state() -> None:
    """DELETED brings the last body with it."""
    last = pod({"phase": "Succeeded"}, gone=True, **at_work(agent=ended(), courier=ended(message=report())))
    observed = observe(agentjob(recorded()), None, last, KNOWN, NOW)
    assert observed.ending is not None
    assert observed.ending.reason is Reason.COMPLETED


def test_another_uids_job_is_not_the_attempts() -> None:
    """Somebody made a Job of the same name after ours was deleted."""
    observed = observe(agentjob(recorded()), job(uid="foreign"), None, KNOWN, NOW)
    assert observed.ending is not None
    assert observed.ending.reason is Reason.ATTEMPT_LOST


def test_the_uid_in_the_fixtures_is_the_reports() -> None:
    """The forged ones above differ from a valid one in one thing only."""
    assert f'"uid":"{UID}"' in report()
