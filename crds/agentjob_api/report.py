"""What the pod hands back. What the agent claims and what was counted where it cannot write are kept apart."""

from enum import StrEnum

from agentjob_api.reasons import Reason
from agentjob_api.wire import Wire


class Verdict(StrEnum):
    """How the agent ended, by its own word; NONE when it left no valid result."""

    SUCCESS = "Success"
    FAILURE = "Failure"
    LIMIT = "Limit"
    CRASH = "Crash"
    NONE = "None"


class AgentResult(Wire, frozen=True, kw_only=True):
    """`/run/agentjob/result.json`: the agent's claim. Hostile input for whoever reads it: bounded and validated by the courier."""

    verdict: Verdict
    reason: Reason
    message: str = ""
    """What was done, or why not; at most 4,000 characters here, cut further in the report."""
    steps: int = 0
    session_id: str = ""


class ProxyUsage(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """Counted by model-proxy, out of the agent's reach."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: str = "0"
    """Decimal dollars; "0" without prices."""
    limit_reached: Reason | None = None
    """TOKEN_LIMIT or COST_LIMIT once a call was refused for it."""


class PrepareFailure(Wire, frozen=True, kw_only=True):
    """Termination message of prepare when it fails."""

    reason: Reason
    message: str


class StoredObject(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """An object that was uploaded and verified."""

    key: str
    bytes: int
    sha256: str
    """Lower-case hex of the stored bytes."""
    files: int = 0


class Report(Wire, frozen=True, kw_only=True, omit_defaults=True, tag_field="version", tag=1):
    """The courier's termination message (at most `pod.REPORT_MAX_BYTES` of UTF-8 JSON) and `result.json` in the store: the same bytes.

    One of another `version` is not read.
    """

    uid: str
    """The AgentJob's uid: a report of another object is not believed."""
    attempt: int
    verdict: Verdict
    reason: Reason | None = None
    """The agent's claim; None with `Verdict.NONE`: the operator then concludes from the container's state."""
    message: str = ""
    steps: int = 0
    session_id: str = ""
    usage: ProxyUsage = ProxyUsage()
    workspace: StoredObject | None = None
    """None: nothing was archived, and `archive_reason` says why."""
    archive_reason: Reason | None = None
    archive_message: str = ""
    checkpoint: StoredObject | None = None
    """The newest checkpoint of the attempt; None: there is none, or the report had no room for it (the store knows)."""
    checkpoint_message: str = ""
    """Why there is none, or none of the agent's end, although there should be."""
    log_key: str = ""
    """Prefix of the event segments, ends with a slash; empty when none could be stored."""
    terminated: bool = False
    """The pod was told to stop (SIGTERM) before the agent ended."""
    active_seconds: int = 0
    """From the agent's start to its end."""
    archive_milliseconds: int = 0
    """Packing the workspace; 0 without an archive."""
    upload_milliseconds: int = 0
    """Uploading it, with every try."""
