"""What `cancel` and `suspend` ask for, and what to do about it. Pure.

A Job is ended by deleting it: the pod gets SIGTERM and its grace to store what there is. Status says so before, as only it tells later
that the end was asked for: `suspend` may have been taken back by then.
"""

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus

from agentjob_operator.model import Ending, Finish, Halt, Observed, Plan, Stage, Suspend
from agentjob_operator.objects import Job

NOT_STARTED = "It is suspended, and no agent has started."


def wish(spec: AgentJobSpec, status: AgentJobStatus, observed: Observed) -> Reason | None:
    """CANCELLING, which wins, SUSPENDING, or None: it shall run."""
    if spec.cancel:
        return Reason.CANCELLING
    if spec.suspend:
        return Reason.SUSPENDING
    # Taken back when its Job was going already: nobody can stop that.
    going = observed.job is None or observed.job.deleting
    return Reason.SUSPENDING if status.reason == Reason.SUSPENDING and going else None


def before_it_exists(
    spec: AgentJobSpec, status: AgentJobStatus, leftovers: tuple[Job, ...], *, untouched: bool
) -> Plan | None:
    """The attempt has no Job. `untouched`: nothing was ever made for this AgentJob, so the first attempt may still be the first."""
    if spec.cancel:
        when = "between two attempts" if status.start_time else "before an agent started"
        return Plan(finish=Finish(Reason.CANCELLED, f"It was cancelled {when}."), delete=leftovers)
    if spec.suspend:
        return Plan(suspend=Suspend(NOT_STARTED, attempts=0 if untouched else None), delete=leftovers)
    return None


def while_it_exists(asked: Reason, observed: Observed, leftovers: tuple[Job, ...]) -> Plan:
    """The attempt has a Job. One of which no container has started has nothing to store: it ends at once."""
    job = observed.job
    delete = leftovers if job is None or job.deleting else (*leftovers, job)
    if observed.stage is Stage.RUNNING or observed.secret_proven:
        return Plan(halt=Halt(asked), delete=delete, requeue_seconds=observed.recheck_seconds)
    if asked is Reason.CANCELLING:
        finish = Finish(Reason.CANCELLED, "It was cancelled before its agent started.")
        return Plan(finish=finish, delete=delete, delete_first=True)
    return Plan(suspend=Suspend(NOT_STARTED), delete=delete)


def while_suspended(spec: AgentJobSpec, leftovers: tuple[Job, ...]) -> Plan:
    """Status says that it is."""
    if spec.cancel:
        finish = Finish(Reason.CANCELLED, "It was cancelled while it was suspended.")
        return Plan(finish=finish, delete=leftovers, delete_first=True)
    return Plan(resume=not spec.suspend, delete=leftovers)


def after(asked: Reason | None, ending: Ending) -> Finish | Suspend | None:
    """What an end means that was asked for. None: it means what it says, as what the agent itself decided at that moment counts."""
    if asked is None or TABLE[ending.reason].effect not in (Effect.RETRIES, Effect.DISRUPTS):
        return None
    if asked is Reason.CANCELLING:
        return Finish(Reason.CANCELLED, f"It was cancelled. {_archive(ending)}")
    return Suspend(f"It is suspended. {_checkpoint(ending)}")


def _archive(ending: Ending) -> str:
    if ending.archive is not None:
        return "What was in the workspace is archived."
    return f"The workspace could not be archived: {ending.archive_message}"


def _checkpoint(ending: Ending) -> str:
    report = ending.report
    if report is not None and report.checkpoint is not None:
        return "Its workspace and its conversation are stored."
    why = "" if report is None or not report.checkpoint_message else f": {report.checkpoint_message[:500]}"
    return f"Its pod reported no checkpoint{why}. It will go on from the newest one in the store, or else start afresh."
