"""How an attempt ended: the report where there is a valid one, otherwise what container states, Job and store leave to say. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from agentjob_api.pod import Container as Name
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import Report, Verdict

from agentjob_operator.model import Cause, Ending, Evidence, Need
from agentjob_operator.objects import Container, Job, Pod, Terminated, moment
from agentjob_operator.observe.report import (
    archive_reason,
    claimed_reason,
    parse_prepare_failure,
    parse_report,
    parse_usage,
)
from agentjob_operator.observe.stopped import stopped
from agentjob_operator.observe.waiting import clean

START_ERRORS: Final = frozenset({"StartError", "ContainerCannotRun"})
BRIEF: Final = timedelta(seconds=60)
"""An agent that ran shorter may have ended before it told the courier that it started: on a busy node, or without the memory to start."""
STARTED_CODES: Final = frozenset({ExitCode.SUCCESS, ExitCode.AGENT_FAILURE, ExitCode.AGENT_LIMIT, ExitCode.AGENT_CRASH})
"""Exit codes that an agent only has after it told the courier."""
BLOCKED: Final = timedelta(seconds=120)
"""How long the courier is given after such an agent: it waits for a start that never came, or packs very little."""
PACKING: Final = timedelta(seconds=3600)
"""How long the courier may pack and upload; the manifests allow the attempt as much."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What there is to conclude from. `job` is None when it is missing although it was recorded."""

    uid: str
    number: int
    job: Job | None
    pod: Pod | None
    evidence: Evidence
    now: datetime
    told_running: bool = False
    """Status has recorded that its agent started."""

    def container(self, name: Name) -> Container | None:
        return None if self.pod is None else self.pod.containers.get(name)

    def terminated(self, name: Name) -> Terminated | None:
        container = self.container(name)
        return None if container is None else container.terminated

    def report(self, text: str | bytes | None) -> Report | None:
        return parse_report(text, uid=self.uid, attempt=self.number, prefix=self.evidence.prefix)

    def stopped(self) -> Cause | None:
        """Who ended it from outside, if that is recorded."""
        agent = self.container(Name.AGENT)
        started = self.told_running or (agent is not None and agent.started)
        return stopped(self.job, self.pod, agent_started=started)


Conclusion = Ending | Need | None
"""None: it has not ended, as far as can be seen."""


def conclude(attempt: Attempt) -> Conclusion:
    """The end of the attempt, what must be known to say it, or None."""
    courier = attempt.terminated(Name.COURIER)
    if courier is not None:
        report = attempt.report(courier.message)
        if report is not None and report.verdict is Verdict.NONE and _agent_undecided(attempt):
            return None
        return _by_report(attempt, report) if report else _without_report(attempt, _courier_crash(courier))
    if (failure := _prepare_failure(attempt)) is not None:
        return _end(attempt, attempt.stopped() or failure)
    if (blocked := _blocked(attempt)) is not None:
        return _end_spent(attempt, blocked, alive=True)
    if attempt.pod is None or attempt.pod.gone:
        return _without_pod(attempt)
    if attempt.pod.phase in ("Failed", "Succeeded"):
        return _without_report(attempt, _pod_failure(attempt.pod))
    if _overdue(attempt.pod, attempt.evidence.node_patience, attempt.now):
        lost = Cause(Reason.DISRUPTED, "The pod was to end, and its node does not report that it did.")
        return _without_report(attempt, lost)
    return None


def agent_failure(agent: Terminated | None) -> Cause:
    """Why an agent without a verdict ended, from its container's state."""
    if agent is None:
        return Cause(Reason.AGENT_CRASHED, "The agent ended without a verdict.")
    if agent.reason == "OOMKilled":
        return Cause(Reason.AGENT_OOM_KILLED, "The agent used more memory than its limit and was killed.")
    signal = agent.signal or (agent.exit_code - 128 if agent.exit_code > 128 else 0)
    if signal:
        return Cause(Reason.AGENT_KILLED, f"The agent was killed by signal {signal}.")
    detail = f" {clean(agent.message)}" if agent.message else ""
    return Cause(Reason.AGENT_CRASHED, f"The agent ended with exit code {agent.exit_code} and no verdict.{detail}")


def _by_report(attempt: Attempt, report: Report) -> Conclusion:
    evidence = attempt.evidence
    if report.workspace is not None and not evidence.archive_checked:
        return Need.ARCHIVE
    stored = report.workspace if not evidence.archive_problem else None
    why = None if stored else (Reason.ARCHIVE_FAILED if report.workspace else archive_reason(report))
    text = "" if stored else clean(evidence.archive_problem or report.archive_message or "No archive was made.")
    cause = _judge(attempt, report)
    if cause.reason is Reason.COMPLETED and why is not None:
        cause = Cause(why, f"The agent did the task, but its workspace could not be kept: {text}")
    agent = attempt.container(Name.AGENT)
    return Ending(
        reason=cause.reason,
        message=cause.message,
        report=report,
        archive=stored,
        archive_reason=why,
        archive_message=text,
        agent_started=_agent_started(agent),
        agent_finished=agent.terminated.finished_at if agent and agent.terminated else "",
        # The courier did not wait for an agent that was stopped: it would go on when somebody wakes it.
        alive=report.reason is Reason.TIMEOUT and _agent_undecided(attempt),
    )


def _judge(attempt: Attempt, report: Report) -> Cause:
    agent, claimed = attempt.terminated(Name.AGENT), claimed_reason(report)
    said = clean(report.message[:1000]) if report.message else ""
    if report.verdict is Verdict.SUCCESS:
        if agent is None or agent.exit_code == ExitCode.SUCCESS:
            return Cause(Reason.COMPLETED, "The agent did the task.")
        # Its result file says success, its end says otherwise: something else wrote the file, or it died afterwards.
        return agent_failure(agent)
    if report.usage.limit_reached in (Reason.TOKEN_LIMIT, Reason.COST_LIMIT):
        generic = "The model was refused to the agent because its budget is used up."
        return Cause(report.usage.limit_reached, said if said and claimed is report.usage.limit_reached else generic)
    if report.verdict in (Verdict.FAILURE, Verdict.LIMIT) and claimed is not None:
        return Cause(claimed, said or "The agent gave no more details.")
    if (cause := attempt.stopped()) is not None:
        return cause
    if attempt.job is None:
        return Cause(Reason.ATTEMPT_LOST, "The attempt's Job was deleted.")
    if report.terminated or (attempt.pod is not None and attempt.pod.deletion):
        return Cause(Reason.DISRUPTED, "The pod was told to stop before the agent had ended.")
    failure = agent_failure(agent)
    if claimed is None or (claimed is Reason.AGENT_CRASHED and failure.reason is not Reason.AGENT_CRASHED):
        return failure
    return Cause(claimed, said or failure.message)


def _without_report(attempt: Attempt, otherwise: Cause) -> Conclusion:
    # The same bytes are in the store, where they may have arrived although the pod could not say so.
    if not attempt.evidence.report_checked:
        return Need.REPORT
    if (report := attempt.report(attempt.evidence.stored_report)) is not None:
        return _by_report(attempt, report)
    agent = attempt.container(Name.AGENT)
    alive = agent is not None and agent.running_since is not None and attempt.pod is not None and not attempt.pod.gone
    return _end_spent(attempt, attempt.stopped() or otherwise, alive=alive)


def _without_pod(attempt: Attempt) -> Conclusion:
    if attempt.job is None:
        if not attempt.evidence.job_checked:
            return Need.JOB
        return _without_report(attempt, Cause(Reason.ATTEMPT_LOST, "The attempt's Job is gone and left no report."))
    if attempt.job.condition("Failed", "Complete") is None:
        return None
    return _without_report(attempt, Cause(Reason.ATTEMPT_LOST, "The attempt's pod is gone and left no report."))


def _end_spent(attempt: Attempt, cause: Cause, *, alive: bool) -> Conclusion:
    """The end, without a report, of an attempt whose agent may have called the model."""
    if not attempt.evidence.usage_checked:
        return Need.USAGE
    return replace(_end(attempt, cause, alive=alive), usage=parse_usage(attempt.evidence.stored_usage))


def _end(attempt: Attempt, cause: Cause, *, alive: bool = False) -> Ending:
    agent = attempt.container(Name.AGENT)
    return Ending(
        reason=cause.reason,
        message=cause.message,
        archive_reason=Reason.ARCHIVE_FAILED,
        archive_message="The attempt left no archive.",
        agent_started=_agent_started(agent),
        agent_finished=agent.terminated.finished_at if agent and agent.terminated else "",
        alive=alive,
    )


def _agent_started(agent: Container | None) -> str:
    if agent is None:
        return ""
    return agent.running_since or (agent.terminated.started_at if agent.terminated else "")


def _agent_undecided(attempt: Attempt) -> bool:
    pod = attempt.pod
    running = attempt.terminated(Name.AGENT) is None
    return running and pod is not None and not pod.gone and pod.phase not in ("Failed", "Succeeded")


def _courier_crash(courier: Terminated) -> Cause:
    if courier.reason == "OOMKilled":
        return Cause(Reason.COURIER_CRASHED, "The courier ran out of memory.")
    return Cause(Reason.COURIER_CRASHED, f"The courier ended with exit code {courier.exit_code} and no valid report.")


def _prepare_failure(attempt: Attempt) -> Cause | None:
    prepare = attempt.terminated(Name.PREPARE)
    if prepare is None or prepare.exit_code == 0:
        return None
    if (failure := parse_prepare_failure(prepare.message)) is not None:
        return Cause(failure.reason, clean(failure.message or "The container prepare gave no details."))
    if prepare.reason == "OOMKilled":
        return Cause(Reason.PREPARE_FAILED, "The container prepare ran out of memory.")
    detail = f" {clean(prepare.message)}" if prepare.message else ""
    return Cause(Reason.PREPARE_FAILED, f"The container prepare ended with exit code {prepare.exit_code}.{detail}")


def _blocked(attempt: Attempt) -> Cause | None:
    """The agent ended and the courier will not: it waits for a start that never came, or hangs."""
    agent = attempt.terminated(Name.AGENT)
    # Not only while the pod is Running: while the desktop's image cannot be pulled, it is Pending.
    if agent is None or attempt.pod is None or attempt.pod.gone or attempt.pod.phase in ("Failed", "Succeeded"):
        return None
    if agent.reason in START_ERRORS:
        hint = "spec.image, if set, must be built on the project's agent image."
        return Cause(Reason.AGENT_CRASHED, f"The agent could not be started: {clean(agent.message)} {hint}")
    if not agent.finished_at:
        return None
    since = attempt.now - moment(agent.finished_at)
    if since > PACKING:
        return Cause(Reason.COURIER_CRASHED, "The courier did not end within an hour after the agent.")
    brief = bool(agent.started_at) and moment(agent.finished_at) - moment(agent.started_at) < BRIEF
    brief = brief and agent.exit_code not in STARTED_CODES
    return agent_failure(agent) if brief and since > BLOCKED else None


def _pod_failure(pod: Pod) -> Cause:
    detail = clean(": ".join(part for part in (pod.reason, pod.message) if part) or "no reason is given")
    return Cause(Reason.POD_FAILED, f"The pod failed: {detail}")


def _overdue(pod: Pod, patience: timedelta, now: datetime) -> bool:
    return pod.deletion is not None and now - moment(pod.deletion) > patience
