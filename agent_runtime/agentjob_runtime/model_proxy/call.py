"""A call of the agent's, and what is sent to the endpoint in its place. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from agentjob_runtime.model_proxy.budget import Ask
from agentjob_runtime.model_proxy.tokens import estimate

MAX_NAMES: Final = ("max_completion_tokens", "max_tokens")
"""The first is OpenAI's present name, the second its old one, which other servers still use."""


BILLED_APART: Final = ("web_search_options", "audio")
"""What OpenAI charges for beside the tokens, so that limits.costUSD could not count it."""
PRICED_AS_TOKENS: Final = frozenset({"auto", "default", "flex"})
"""The values of `service_tier` that do not cost more than the model's prices."""


class CallRefusedError(Exception):
    """The request is not one that is forwarded; `status` is the HTTP status, `code` OpenAI's error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Call:
    """A request body that may be forwarded."""

    body: dict[str, Any]
    ask: Ask
    stream: bool


def read_call(data: bytes, model: str) -> Call:
    """The call in a request's body. Raises `CallRefusedError`: 400 malformed, 403 another model."""
    body = _parse(data)
    if body.get("model") != model:
        raise CallRefusedError(403, "model_not_allowed", f"this job may use the model {model!r} only")
    if body.get("n") not in {None, 1}:
        raise CallRefusedError(400, "invalid_request", "n must be 1: a call gives one reply")
    apart = [name for name in BILLED_APART if body.get(name) is not None]
    apart += [] if str(body.get("service_tier") or "auto") in PRICED_AS_TOKENS else ["service_tier"]
    if apart:
        raise CallRefusedError(400, "invalid_request", f"{apart[0]} is billed apart from the tokens that limits count")
    stream = body.get("stream") or False
    options = body.get("stream_options") or {}
    if not isinstance(stream, bool) or not isinstance(options, dict):
        raise CallRefusedError(400, "invalid_request", "stream must be a boolean and stream_options an object")
    return Call(body, Ask(estimate(len(data)), _max_output(body), len(data)), stream)


def outgoing(call: Call, cap: int | None) -> bytes:
    """The body to send: usage is asked for in streams, and the reply is capped to `cap` tokens.

    It is written anew, so that the endpoint cannot read a repeated key differently than we did.
    """
    body = dict(call.body)
    if call.stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    if cap is not None:
        named = [name for name in MAX_NAMES if body.get(name) is not None] or list(MAX_NAMES[:1])
        body |= dict.fromkeys(named, cap)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def _parse(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CallRefusedError(400, "invalid_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise CallRefusedError(400, "invalid_json", "the body is not a JSON object")
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _max_output(body: dict[str, Any]) -> int | None:
    """The smallest maximum that the caller names."""
    given = [body[name] for name in MAX_NAMES if body.get(name) is not None]
    if any(not isinstance(each, int) or isinstance(each, bool) or each < 1 for each in given):
        raise CallRefusedError(400, "invalid_request", f"{' and '.join(MAX_NAMES)} must be positive integers")
    return min(given, default=None)
