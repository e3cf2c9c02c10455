"""What an attempt left: usage, archive, the agent's words. Pure."""

from typing import Any

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import StoredObject
from agentjob_api.status import Artifacts, Condition, ConditionType, LogArtifact, WorkspaceArtifact

from agentjob_operator.model import Ending
from agentjob_operator.status.base import Base, Sign, sentence
from agentjob_operator.status.conditions import condition
from agentjob_operator.status.times import rfc3339
from agentjob_operator.usage import add_usage


def results(base: Base, ending: Ending, sign: Sign, *, counts: bool = True) -> dict[str, Any]:
    """Fields of status. `counts`: an end that nobody asked for is a failure or a disruption."""
    current, report, effect = base.current, ending.report, TABLE[ending.reason].effect
    fields: dict[str, Any] = {
        "usage": add_usage(current, ending, base.now),
        "start_time": current.start_time or ending.agent_started or None,
        "failures": current.failures + (counts and effect is Effect.RETRIES),
        "disruptions": current.disruptions + (counts and effect is Effect.DISRUPTS),
    }
    if report is None:
        return fields
    fields["session_id"] = report.session_id[:128] or current.session_id
    fields["result"] = report.message[:4096] or None
    if ending.archive is not None or not has_archive(base):
        fields["artifacts"] = _artifacts(ending.archive, report.log_key, sign)
    return fields


def archived(ending: Ending | None) -> list[Condition]:
    """The condition Archived."""
    if ending is None:
        return []
    if ending.archive is not None:
        return [condition(ConditionType.ARCHIVED, "True", Reason.ARCHIVED, "")]
    reason = ending.archive_reason or Reason.ARCHIVE_FAILED
    # Of a failed upload the message says enough; what to do about the size is only in the table.
    text = ending.archive_message
    text = sentence(reason, text) if reason is Reason.ARCHIVE_TOO_LARGE else text
    return [condition(ConditionType.ARCHIVED, "False", reason, text)]


def has_archive(base: Base) -> bool:
    """An attempt before this one left one."""
    return base.current.artifacts is not None and base.current.artifacts.workspace is not None


def signed_again(base: Base, sign: Sign) -> dict[str, Any]:
    """The artifacts of an attempt before this one, with a new URL."""
    artifacts = base.current.artifacts
    if artifacts is None or artifacts.workspace is None:
        return {}
    kept = artifacts.workspace
    download = sign(StoredObject(key=kept.key, bytes=kept.bytes, sha256=kept.sha256, files=kept.files))
    fresh = {"download_url": download.url, "expires_at": rfc3339(download.expires_at)}
    return {"artifacts": artifacts.model_copy(update=fresh)}


def _artifacts(archive: StoredObject | None, log_key: str, sign: Sign) -> Artifacts:
    log = LogArtifact(key=log_key) if log_key else None
    if archive is None:
        return Artifacts(log=log)
    download = sign(archive)
    return Artifacts(
        download_url=download.url,
        expires_at=rfc3339(download.expires_at),
        workspace=WorkspaceArtifact(key=archive.key, bytes=archive.bytes, sha256=archive.sha256, files=archive.files),
        log=log,
    )
