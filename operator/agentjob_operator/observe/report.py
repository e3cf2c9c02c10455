"""What the pod hands back. All of it is hostile until it has passed here: whoever may create Pods in a namespace can forge it."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from agentjob_api.grant import ObjectName
from agentjob_api.reasons import Reason
from agentjob_api.report import PrepareFailure, ProxyUsage, Report, Verdict
from agentjob_api.wire import WireError

MAX_REPORT_BYTES: Final = 16 * 1024
MAX_COUNT: Final = 10**15

CLAIMS: Final[dict[Verdict, frozenset[Reason]]] = {
    Verdict.SUCCESS: frozenset({Reason.COMPLETED}),
    Verdict.FAILURE: frozenset({Reason.AGENT_FAILED, Reason.STUCK, Reason.FORMAT_ERRORS, Reason.CONTEXT_OVERFLOW}),
    Verdict.LIMIT: frozenset(
        {Reason.STEP_LIMIT, Reason.TOKEN_LIMIT, Reason.COST_LIMIT, Reason.TIMEOUT, Reason.WORKSPACE_FULL}
    ),
    Verdict.CRASH: frozenset(
        {
            *(Reason.AGENT_CRASHED, Reason.AGENT_KILLED, Reason.MODEL_UNAVAILABLE, Reason.MODEL_UNAUTHORIZED),
            *(Reason.MODEL_REFUSED, Reason.STUCK, Reason.FORMAT_ERRORS, Reason.CONTEXT_OVERFLOW),
        }
    ),
}
"""What an agent may claim, by verdict: it cannot call itself disrupted and be repeated for nothing."""
FALLBACK: Final = {
    Verdict.SUCCESS: Reason.COMPLETED,
    Verdict.FAILURE: Reason.AGENT_FAILED,
    Verdict.LIMIT: Reason.AGENT_FAILED,
    Verdict.CRASH: Reason.AGENT_CRASHED,
}
PREPARE_CLAIMS: Final = frozenset(
    {
        *(Reason.PREPARE_FAILED, Reason.REPOSITORY_UNREACHABLE, Reason.REPOSITORY_UNAUTHORIZED),
        *(Reason.REPOSITORY_NOT_FOUND, Reason.REF_NOT_FOUND, Reason.WORKSPACE_FULL),
    }
)
ARCHIVE_CLAIMS: Final = frozenset({Reason.ARCHIVE_FAILED, Reason.ARCHIVE_TOO_LARGE})
SHA256: Final = re.compile("[0-9a-f]{64}")
ARCHIVE_NAMES: Final = (ObjectName.WORKSPACE_ZIP, ObjectName.WORKSPACE_TAR_ZSTD)


def parse_report(text: str | bytes | None, *, uid: str, attempt: int, prefix: str) -> Report | None:
    """The report, or None when it is not one of this attempt: another uid or number, an object outside of `prefix`, bad figures."""
    if not text or len(text) > MAX_REPORT_BYTES:
        return None
    try:
        report = Report.from_json(text)
    except WireError:
        return None
    if (report.uid, report.attempt) != (uid, attempt):
        return None
    return report if _figures_hold(report) and _keys_hold(report, prefix) else None


def parse_usage(text: bytes | None) -> ProxyUsage | None:
    """The proxy's count, or None when it is none or holds bad figures."""
    if not text or len(text) > MAX_REPORT_BYTES:
        return None
    try:
        usage = ProxyUsage.from_json(text)
    except WireError:
        return None
    return usage if _usage_holds(usage) else None


def claimed_reason(report: Report) -> Reason | None:
    """The agent's reason as far as it may claim one; None without a verdict."""
    if report.verdict is Verdict.NONE:
        return None
    if report.reason in CLAIMS[report.verdict]:
        return report.reason
    return FALLBACK[report.verdict]


def archive_reason(report: Report) -> Reason:
    """Why there is no archive."""
    return report.archive_reason if report.archive_reason in ARCHIVE_CLAIMS else Reason.ARCHIVE_FAILED


def parse_prepare_failure(text: str) -> PrepareFailure | None:
    """prepare's termination message, or None when it is none."""
    if len(text) > MAX_REPORT_BYTES:
        return None
    try:
        failure = PrepareFailure.from_json(text)
    except WireError:
        return None
    return failure if failure.reason in PREPARE_CLAIMS else failure.replace(reason=Reason.PREPARE_FAILED)


def _figures_hold(report: Report) -> bool:
    counts = [report.steps, report.active_seconds, report.archive_milliseconds, report.upload_milliseconds]
    if report.workspace is not None:
        counts += [report.workspace.bytes, report.workspace.files]
    return all(0 <= count <= MAX_COUNT for count in counts) and _usage_holds(report.usage)


def _usage_holds(usage: ProxyUsage) -> bool:
    counts = (usage.requests, usage.input_tokens, usage.output_tokens)
    try:
        cost = Decimal(usage.cost_usd)
    except InvalidOperation:
        return False
    return all(0 <= count <= MAX_COUNT for count in counts) and cost.is_finite() and 0 <= cost <= MAX_COUNT


def _keys_hold(report: Report, prefix: str) -> bool:
    if report.workspace is not None and not SHA256.fullmatch(report.workspace.sha256):
        return False
    # A key outside of the prefix would have the operator sign a download of somebody else's archive.
    if report.workspace is not None and report.workspace.key not in {prefix + name for name in ARCHIVE_NAMES}:
        return False
    return report.log_key in ("", prefix + ObjectName.EVENTS)
