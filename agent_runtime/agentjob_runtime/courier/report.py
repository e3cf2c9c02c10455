"""Puts the report together and makes it fit. Pure."""

from typing import Final

from agentjob_api.pod import REPORT_MAX_BYTES
from agentjob_api.reasons import TABLE
from agentjob_api.report import AgentResult, ProxyUsage, Report, Verdict

_NOTHING: Final[dict[str, str | None]] = {"checkpoint": None, "session_id": "", "log_key": ""}
"""What goes when there is no room, in this order, and what is left of it."""


def message_of(result: AgentResult, usage: ProxyUsage) -> str:
    """The agent's own words; without a verdict, what the proxy knows."""
    if result.verdict is not Verdict.NONE:
        return result.message
    if usage.limit_reached is None:
        return "The agent ended without a result."
    limit = TABLE[usage.limit_reached].meaning.rstrip(".")
    return f"The agent ended without a result, after the model proxy had refused its calls: {limit}."


def fit(report: Report, limit: int = REPORT_MAX_BYTES) -> bytes:
    """The report as UTF-8 JSON of at most `limit` bytes.

    Messages are cut at a character's boundary, the longer one first; when that is not enough, what the operator can do without goes:
    the checkpoint (it asks the store), the conversation's name, then the log's. Raises `ValueError` when the archive's key alone does not fit.
    """
    for field in (*_longest_first(report), *_NOTHING):
        if len(_encode(report)) <= limit:
            break
        report = _cut(report, field, limit) if field.endswith("message") else _with(report, field, _NOTHING[field])
    data = _encode(report)
    if len(data) > limit:
        raise ValueError(f"the archive's key does not fit into a report of {limit} bytes")
    return data


def _longest_first(report: Report) -> tuple[str, ...]:
    fields = ("message", "archive_message", "checkpoint_message")
    return tuple(sorted(fields, key=lambda field: -len(getattr(report, field))))


def _cut(report: Report, field: str, limit: int) -> Report:
    """The longest beginning of one text that fits, or none of it."""
    text: str = getattr(report, field)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_encode(_with(report, field, text[:middle] + "…"))) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return _with(report, field, text[:low] + "…" if low else "")


def _with(report: Report, field: str, value: str | None) -> Report:
    return report.replace(**{field: value})


def _encode(report: Report) -> bytes:
    return report.to_json().encode()
