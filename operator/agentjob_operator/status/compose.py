"""The status that follows from what is observed and planned. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import StoredObject
from agentjob_api.status import (
    AgentJobStatus,
    Artifacts,
    Condition,
    ConditionType,
    LogArtifact,
    Phase,
    WorkspaceArtifact,
)

from agentjob_operator.model import Cause, Ending, Finish, Observed, Plan, Retry, Stage
from agentjob_operator.status.beside import Links, when_over, while_running
from agentjob_operator.status.conditions import condition, merge
from agentjob_operator.status.times import rfc3339
from agentjob_operator.usage import add_usage

MAX_MESSAGE: Final = 2000
REFUSED: Final = frozenset(
    {Reason.JOB_CREATE_REFUSED, Reason.NAME_CONFLICT, Reason.POD_SECURITY_VIOLATION, Reason.QUOTA_EXCEEDED}
)
"""Waiting reasons that say that the spec may not run here at all: Accepted is False."""


@dataclass(frozen=True)
class Download:
    """A signed URL and when it ends."""

    url: str
    expires_at: datetime


Sign = Callable[[StoredObject], Download]
"""Makes the download URL of a verified archive."""


@dataclass(frozen=True)
class Base:
    """What every status starts from."""

    generation: int
    current: AgentJobStatus
    now: datetime
    links: Links = field(default_factory=Links)

    def with_(self, conditions: list[Condition], **fields: Any) -> AgentJobStatus:
        """`current` with these conditions and fields."""
        merged = merge(self.current.conditions, conditions, generation=self.generation, now=rfc3339(self.now))
        changes = {"observed_generation": self.generation, "conditions": merged, **fields}
        return self.current.model_copy(update=changes)


def status_of(base: Base, observed: Observed, plan: Plan, sign: Sign) -> AgentJobStatus:
    """The whole status; `base.current` when there is nothing to tell. `sign` is called at an end only."""
    if plan.finish is not None:
        return _finished(base, observed, plan.finish, sign)
    if plan.retry is not None and observed.ending is not None:
        return _retrying(base, observed, observed.ending, plan.retry)
    if observed.stage is Stage.RUNNING:
        return _running(base, observed)
    if observed.cause is not None:
        return _waiting(base, observed, observed.cause)
    return base.current


def sentence(reason: Reason, message: str) -> str:
    """The message with what to do about it."""
    action = TABLE[reason].action
    text = message if action == "Nothing." else f"{message} {action}".strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _identity(current: AgentJobStatus, observed: Observed) -> dict[str, Any]:
    """Which attempt, Job and Pod it is about; nothing that is known is lost when one of them is gone."""
    job, pod = observed.job, observed.pod
    made = observed.stage is not Stage.ABSENT
    return {
        "attempts": max(current.attempts, observed.attempt) if made else current.attempts,
        "job_name": job.name if job else current.job_name,
        "job_uid": job.uid if job else current.job_uid,
        "pod_name": pod.name if pod else current.pod_name,
    }


def _running(base: Base, observed: Observed) -> AgentJobStatus:
    current = base.current
    pod_name = observed.pod.name if observed.pod else current.pod_name
    message = f"The agent works. Follow it: kubectl logs -f {pod_name} -c agent"
    conditions = [
        condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, ""),
        condition(ConditionType.STARTED, "True", Reason.AGENT_RUNNING, ""),
    ]
    beside, access = while_running(current, observed, base.links)
    started = current.start_time or observed.agent_started or rfc3339(base.now)
    return base.with_(
        conditions + beside,
        **_identity(current, observed),
        **access,
        phase=Phase.RUNNING,
        reason=Reason.AGENT_RUNNING,
        message=message,
        start_time=started,
    )


def _waiting(base: Base, observed: Observed, cause: Cause) -> AgentJobStatus:
    current, reason = base.current, cause.reason
    message = sentence(reason, cause.message)
    accepted = reason not in REFUSED
    conditions = [
        condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, "")
        if accepted
        else condition(ConditionType.ACCEPTED, "False", reason, message),
        condition(ConditionType.STARTED, "False", reason, message),
    ]
    fresh = current.attempt_time is None or current.reason == Reason.RETRYING
    return base.with_(
        conditions,
        **_identity(current, observed),
        phase=Phase.PENDING,
        reason=reason,
        message=message,
        attempt_time=rfc3339(base.now) if fresh else current.attempt_time,
    )


def _retrying(base: Base, observed: Observed, ending: Ending, retry: Retry) -> AgentJobStatus:
    current = base.current
    why = f"Attempt {observed.attempt} ended ({ending.reason}): {ending.message}"
    message = f"{why} Attempt {observed.attempt + 1} follows."[:MAX_MESSAGE]
    beside, access = when_over(current, replace(observed, beside={}), base.links, base.now)
    return base.with_(
        [condition(ConditionType.STARTED, "False", Reason.RETRYING, message), *beside],
        **access,
        phase=Phase.PENDING,
        reason=Reason.RETRYING,
        message=message,
        attempts=observed.attempt + 1,
        failures=current.failures + (1 if retry.counts else 0),
        disruptions=current.disruptions + (0 if retry.counts else 1),
        usage=add_usage(current, ending, base.now),
        start_time=current.start_time or ending.agent_started or None,
        attempt_time=rfc3339(retry.not_before),
        job_name=None,
        job_uid=None,
        pod_name=None,
    )


def _finished(base: Base, observed: Observed, finish: Finish, sign: Sign) -> AgentJobStatus:
    reason, ending = finish.reason, observed.ending
    succeeded = reason is Reason.COMPLETED
    message = sentence(reason, finish.message)
    end = ConditionType.COMPLETE if succeeded else ConditionType.FAILED
    conditions = [
        *_started(base.current, observed, reason, message),
        *_archived(ending),
        condition(end, "True", reason, message),
        condition(ConditionType.FINISHED, "True", reason, message),
    ]
    fields: dict[str, Any] = {} if ending is None else _results(base, ending, sign)
    beside, access = when_over(base.current, observed, base.links, base.now)
    return base.with_(
        conditions + beside,
        **_identity(base.current, observed),
        **access,
        phase=Phase.SUCCEEDED if succeeded else Phase.FAILED,
        reason=reason,
        message=message,
        completion_time=rfc3339(base.now),
        **fields,
    )


def _started(current: AgentJobStatus, observed: Observed, reason: Reason, message: str) -> list[Condition]:
    ending = observed.ending
    ran = ending is not None and bool(ending.agent_started or ending.report)
    accepted = condition(ConditionType.ACCEPTED, "True", Reason.ACCEPTED, "")
    if ran:
        return [accepted, condition(ConditionType.STARTED, "True", Reason.AGENT_RUNNING, "")]
    started = condition(ConditionType.STARTED, "False", reason, message)
    # A refusal that was told stays, unless a pod came after all.
    told = any(one.type == ConditionType.ACCEPTED for one in current.conditions)
    if told and observed.pod is None:
        return [started]
    if observed.cause is not None and observed.cause.reason in REFUSED:
        return [condition(ConditionType.ACCEPTED, "False", observed.cause.reason, message), started]
    return [accepted, started]


def _archived(ending: Ending | None) -> list[Condition]:
    if ending is None:
        return []
    if ending.archive is not None:
        return [condition(ConditionType.ARCHIVED, "True", Reason.ARCHIVED, "")]
    reason = ending.archive_reason or Reason.ARCHIVE_FAILED
    # Of a failed upload the message says enough; what to do about the size is only in the table.
    text = ending.archive_message
    text = sentence(reason, text) if reason is Reason.ARCHIVE_TOO_LARGE else text
    return [condition(ConditionType.ARCHIVED, "False", reason, text)]


def _results(base: Base, ending: Ending, sign: Sign) -> dict[str, Any]:
    current = base.current
    report, archive = ending.report, ending.archive
    fields: dict[str, Any] = {
        "usage": add_usage(current, ending, base.now),
        "start_time": current.start_time or ending.agent_started or None,
        "failures": current.failures + (TABLE[ending.reason].effect is Effect.RETRIES),
        "disruptions": current.disruptions + (TABLE[ending.reason].effect is Effect.DISRUPTS),
    }
    if report is None:
        return fields
    download = sign(archive) if archive is not None else None
    fields["session_id"] = report.session_id[:128] or current.session_id
    fields["result"] = report.message[:4096] or None
    fields["artifacts"] = Artifacts(
        download_url=download.url if download else None,
        expires_at=rfc3339(download.expires_at) if download else None,
        workspace=None
        if archive is None
        else WorkspaceArtifact(key=archive.key, bytes=archive.bytes, sha256=archive.sha256, files=archive.files),
        log=LogArtifact(key=report.log_key) if report.log_key else None,
    )
    return fields
