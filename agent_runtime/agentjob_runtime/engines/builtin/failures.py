"""What a failed model call means. Pure: an error of the client in, a `Failure` out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import openai
from agentjob_api.reasons import Reason

from agentjob_runtime.common.text import one_line
from agentjob_runtime.engines.builtin.reply import IncompleteReplyError

LIMIT_TYPE: Final = "agentjob_limit"
"""`error.type` of model-proxy's refusals over budget; `error.code` is the reason."""
MESSAGE_CHARACTERS: Final = 500


class FailureClass(StrEnum):
    """What to do about it."""

    RETRY = "retry"
    """Try again, later."""
    CONNECT = "connect"
    """Nobody listens: as retry, but for a while only at the start."""
    AUTH = "auth"
    """The key is refused: end."""
    CONTEXT = "context"
    """The conversation is too long: compact and try again."""
    HISTORY = "malformed history"
    """The conversation is not well-formed: repair it, once."""
    POLICY = "policy"
    """The provider will not answer this: end."""
    LIMIT = "limit"
    """A budget of the job is used up: end."""


@dataclass(frozen=True)
class Failure:
    """A failed call, understood."""

    kind: FailureClass
    message: str
    retry_after: float | None = None
    """Seconds that the provider asks for."""
    reason: Reason | None = None
    """Of a limit."""


def _body(error: openai.APIError) -> dict[str, Any]:
    """The error object; model-proxy and OpenAI wrap it in `error`, the client unwraps that."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error", body)
    return inner if isinstance(inner, dict) else {"message": str(inner)}


def _text(error: openai.APIError) -> str:
    message = _body(error).get("message")
    status = f"HTTP {error.status_code}: " if isinstance(error, openai.APIStatusError) else ""
    return status + one_line(str(message or error.message), MESSAGE_CHARACTERS)


def _retry_after(error: openai.APIStatusError) -> float | None:
    """`Retry-After` in seconds (RFC 9110 §10.2.3); a date is not honoured, it needs clocks that agree."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _limit(error: openai.APIError) -> Failure | None:
    body = _body(error)
    if body.get("type") != LIMIT_TYPE:
        return None
    reason = Reason.COST_LIMIT if body.get("code") == Reason.COST_LIMIT else Reason.TOKEN_LIMIT
    return Failure(FailureClass.LIMIT, _text(error), reason=reason)


def _bad_request(error: openai.APIStatusError) -> FailureClass:
    """Providers agree on the status only; their words differ (OpenAI, vLLM, Anthropic's compatible endpoint, LiteLLM)."""
    code, text = str(_body(error).get("code")), _text(error).lower()
    too_long = ("context length", "context window", "context_length", "prompt is too long", "too many tokens")
    if code == "context_length_exceeded" or error.status_code == 413 or any(words in text for words in too_long):
        return FailureClass.CONTEXT
    if "tool_call" in text or "tool call" in text or "role 'tool'" in text or "tool_use" in text:
        return FailureClass.HISTORY
    return FailureClass.POLICY


def _status_class(error: openai.APIStatusError) -> FailureClass:
    if error.status_code in {401, 403}:
        return FailureClass.AUTH
    if error.status_code in {408, 409, 425, 429} or error.status_code >= 500:
        return FailureClass.RETRY
    return _bad_request(error)


def classify(error: openai.OpenAIError | IncompleteReplyError | ValueError) -> Failure:
    """The failure behind an error of one model call."""
    if isinstance(error, openai.APIError) and (limit := _limit(error)):
        return limit
    if isinstance(error, openai.APIStatusError):
        return Failure(_status_class(error), _text(error), _retry_after(error))
    if isinstance(error, openai.APITimeoutError):
        return Failure(FailureClass.RETRY, "the model's endpoint did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        refused = type(error.__cause__).__name__ == "ConnectError"
        return Failure(FailureClass.CONNECT if refused else FailureClass.RETRY, f"connection lost: {error.__cause__}")
    if isinstance(error, openai.APIError):  # an error event inside a stream
        return Failure(FailureClass.RETRY, _text(error))
    return Failure(FailureClass.RETRY, one_line(str(error), MESSAGE_CHARACTERS))
