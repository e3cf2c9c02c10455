"""Sends an answer: whole, as a stream, or as broken as its fault wants it."""

import asyncio
import itertools
import json
import logging
from typing import Any, Final

from aiohttp import web

from agentjob_runtime.common.jsonlog import event
from agentjob_runtime.scripted_model import wire
from agentjob_runtime.scripted_model.answer import Answer
from agentjob_runtime.scripted_model.script import Fault, FaultKind

LOG: Final = logging.getLogger(__name__)
_ERRORS: Final = {
    FaultKind.RATE_LIMIT: (429, "rate_limit_exceeded", "Rate limit reached", "requests"),
    FaultKind.SERVER_ERROR: (500, "server_error", "The server had an error", "server_error"),
    FaultKind.UNAUTHORIZED: (401, "invalid_api_key", "Incorrect API key provided", "invalid_request_error"),
    FaultKind.CONTEXT_OVERFLOW: (
        400,
        "context_length_exceeded",
        "This model's maximum context length is exceeded: please reduce the length of the messages",
        "invalid_request_error",
    ),
}
_NUMBERS: Final = itertools.count(1)


async def deliver(request: web.Request, body: dict[str, Any], answer: Answer) -> web.StreamResponse:
    """The response, already sent where it is a stream."""
    fault = answer.fault
    if fault and fault.kind in _ERRORS:
        return _error(fault)
    if fault and fault.kind is FaultKind.EMPTY_OBJECT:
        return web.json_response({})
    if fault and fault.kind is FaultKind.SLOW_FIRST_BYTE:
        await asyncio.sleep(fault.seconds)
    identity = f"chatcmpl-{next(_NUMBERS)}"
    if body.get("stream"):
        return await _stream(request, body, answer, identity)
    return await _whole(request, body, answer, identity)


def _error(fault: Fault) -> web.Response:
    status, code, message, kind = _ERRORS[fault.kind]
    headers = {"Retry-After": f"{fault.seconds:g}"} if fault.kind is FaultKind.RATE_LIMIT else {}
    return web.json_response(wire.error(code, message, kind), status=status, headers=headers)


async def _whole(request: web.Request, body: dict[str, Any], answer: Answer, identity: str) -> web.StreamResponse:
    data = json.dumps(wire.completion(answer.reply, body["model"], identity), ensure_ascii=False).encode()
    if not (answer.fault and answer.fault.kind in {FaultKind.STREAM_CUT, FaultKind.STREAM_CUT_IN_TOOL_CALL}):
        return web.Response(body=data, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    _cut(request)
    return response


async def _stream(request: web.Request, body: dict[str, Any], answer: Answer, identity: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    try:
        await response.prepare(request)
        await _send_chunks(request, response, body, answer, identity)
    except ConnectionError:
        event(LOG, logging.INFO, "the caller went away", model=body["model"], turn=answer.turn)
    return response


async def _send_chunks(
    request: web.Request, response: web.StreamResponse, body: dict[str, Any], answer: Answer, identity: str
) -> None:
    kind = answer.fault.kind if answer.fault else None
    chunks = wire.chunks(answer.reply, body["model"], identity)
    if kind is FaultKind.STREAM_CUT:
        # It ends as if it were whole, without finish_reason and [DONE]: the nastier of the two ways.
        return await _send(response, chunks[:-1], answer)
    if kind is FaultKind.STREAM_CUT_IN_TOOL_CALL:
        await _send(response, chunks[:-3], answer)
        return _cut(request)
    await _send(response, chunks, answer)
    if (body.get("stream_options") or {}).get("include_usage") and answer.reply.usage:
        await response.write(wire.event(wire.usage_chunk(answer.reply, body["model"], identity)))
    await response.write(wire.DONE)
    return None


async def _send(response: web.StreamResponse, chunks: list[dict[str, Any]], answer: Answer) -> None:
    for chunk in chunks:
        await response.write(wire.event(chunk))
        await asyncio.sleep(answer.reply.seconds_per_chunk)


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.close()
