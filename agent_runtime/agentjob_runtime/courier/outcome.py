"""What the agent claims and what the model proxy counted, read with suspicion."""

import logging
from typing import Final

from agentjob_api.reasons import TABLE, Effect, Reason
from agentjob_api.report import AgentResult, ProxyUsage, Verdict
from agentjob_api.wire import WireError

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.untrusted import UntrustedError, read_bounded

_log = logging.getLogger(__name__)
_RESULT_BYTES_MAX: Final = 64 << 10
_NUMBER_MAX: Final = 10**15
_SESSION_ID_MAX: Final = 64
_NOTHING = AgentResult(verdict=Verdict.NONE, reason=Reason.AGENT_CRASHED)
_CLAIMABLE: Final = {Effect.RETRIES, Effect.ENDS, Effect.DISRUPTS}


def read_result(paths: Paths) -> AgentResult:
    """The agent's claim; `Verdict.NONE` when it left none, or one that breaks the contract."""
    try:
        return parse_result(read_bounded(paths.agent_result, _RESULT_BYTES_MAX))
    except FileNotFoundError:
        _log.warning("the agent left no result")
    except (OSError, UntrustedError, ValueError) as error:
        _log.warning("the agent's result is not believed: %s", error)
    return _NOTHING


def parse_result(data: bytes) -> AgentResult:
    """Validates a claim. Raises `ValueError`, whose message holds nothing of the claim."""
    try:
        result = AgentResult.from_json(data)
    except WireError:
        raise ValueError("not an AgentResult") from None
    if not 0 <= result.steps <= _NUMBER_MAX or len(result.session_id) > _SESSION_ID_MAX:
        raise ValueError("not an AgentResult: a number or name out of bounds")
    if result.verdict is Verdict.NONE or not _consistent(result):
        raise ValueError("not an AgentResult: verdict and reason do not belong together")
    return result


def _consistent(result: AgentResult) -> bool:
    if result.verdict is Verdict.SUCCESS:
        return result.reason is Reason.COMPLETED
    return TABLE[result.reason].effect in _CLAIMABLE


def read_usage(paths: Paths) -> ProxyUsage:
    """What the proxy counted; zeros, and a log line, when it left nothing readable."""
    usage = current_usage(paths)
    if usage is None:
        _log.info("the model proxy left no count")
    return usage or ProxyUsage()


def current_usage(paths: Paths) -> ProxyUsage | None:
    """The proxy's count as it is now, without calls that still run; None when there is none, with a log line if it is unreadable."""
    try:
        return ProxyUsage.from_json(read_bounded(paths.proxy_usage, _RESULT_BYTES_MAX))
    except FileNotFoundError:
        return None
    except (OSError, UntrustedError, WireError) as error:
        _log.error("the model proxy's count cannot be read: %s", error)
    return None
