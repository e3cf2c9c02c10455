"""What attempts have spent, and what the limits leave for the next one. Pure."""

from datetime import datetime
from decimal import Decimal

from agentjob_api.reasons import Reason
from agentjob_api.report import ProxyUsage
from agentjob_api.spec import AgentJobSpec
from agentjob_api.status import AgentJobStatus, Usage

from agentjob_operator.model import Budget, Ending
from agentjob_operator.objects import moment


def add_usage(status: AgentJobStatus, ending: Ending, now: datetime) -> Usage:
    """`status.usage` with the attempt that just ended.

    Without a report its steps are unknown, and of the model's calls what the courier stored last, if anything, is booked.
    """
    before, report = status.usage or Usage(), ending.report
    counted = report.usage if report is not None else ending.usage or ProxyUsage()
    return Usage(
        steps=before.steps + (report.steps if report is not None else 0),
        requests=before.requests + counted.requests,
        input_tokens=before.input_tokens + counted.input_tokens,
        output_tokens=before.output_tokens + counted.output_tokens,
        cost_usd=decimal_text(Decimal(before.cost_usd) + Decimal(counted.cost_usd)),
        active_seconds=before.active_seconds + _active_seconds(status, ending, now),
    )


def budget_left(spec: AgentJobSpec, usage: Usage) -> Budget:
    """The limits less what is spent; may be negative."""
    limits = spec.limits
    return Budget(
        steps=limits.steps - usage.steps,
        tokens=None if limits.tokens is None else limits.tokens - usage.input_tokens - usage.output_tokens,
        cost_usd=None if limits.cost_usd is None else Decimal(limits.cost_usd) - Decimal(usage.cost_usd),
        timeout_seconds=limits.timeout_seconds - usage.active_seconds,
    )


def spent_reason(left: Budget) -> Reason | None:
    """The limit that is used up, if one is."""
    if left.tokens is not None and left.tokens <= 0:
        return Reason.TOKEN_LIMIT
    if left.cost_usd is not None and left.cost_usd <= 0:
        return Reason.COST_LIMIT
    if left.steps <= 0:
        return Reason.STEP_LIMIT
    return Reason.TIMEOUT if left.timeout_seconds <= 0 else None


def decimal_text(value: Decimal) -> str:
    """Plain digits with at most six decimals, no exponent, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"


def _active_seconds(status: AgentJobStatus, ending: Ending, now: datetime) -> int:
    if ending.report is not None and ending.report.active_seconds:
        return ending.report.active_seconds
    started = ending.agent_started
    if not started:
        # The pod is gone: what status recorded of the agent's start is all there is.
        started = next(
            (c.last_transition_time for c in status.conditions if c.type == "Started" and c.status == "True"), ""
        )
    if not started:
        return 0
    end = moment(ending.agent_finished) if ending.agent_finished else now
    return max(0, round((end - moment(started)).total_seconds()))
