"""Errors in the shape of OpenAI's: `{"error": {"type", "code", "message", "param"}}`."""

import json
from typing import Final

from aiohttp import web

from agentjob_runtime.model_proxy.budget import LimitReachedError

LIMIT_TYPE: Final = "agentjob_limit"
"""`type` of a call refused for a budget; `code` is then the `Reason`."""
REQUEST_TYPE: Final = "invalid_request_error"
UPSTREAM_TYPE: Final = "agentjob_upstream"
PROXY_TYPE: Final = "agentjob_proxy"


def error_body(kind: str, code: str, message: str) -> dict[str, object]:
    """The JSON object."""
    return {"error": {"type": kind, "code": code, "message": message, "param": None}}


def error_response(status: int, kind: str, code: str, message: str) -> web.Response:
    """The object as a response."""
    return web.json_response(error_body(kind, code, message), status=status)


def limit_response(error: LimitReachedError) -> web.Response:
    """403: not 429, which clients would retry."""
    return error_response(403, LIMIT_TYPE, error.reason, str(error))


def limit_event(error: LimitReachedError) -> bytes:
    """The same inside a stream that has begun; clients raise on an event with `error`."""
    return b"data: " + json.dumps(error_body(LIMIT_TYPE, error.reason, str(error))).encode() + b"\n\n"
