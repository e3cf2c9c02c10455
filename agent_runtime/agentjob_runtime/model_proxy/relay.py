"""Carries one call to the endpoint and its answer back, counting on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ConnectionTimeoutError, web
from yarl import URL

from agentjob_runtime.common.jsonlog import event
from agentjob_runtime.model_proxy.budget import LimitReachedError
from agentjob_runtime.model_proxy.call import Call, outgoing
from agentjob_runtime.model_proxy.errors import UPSTREAM_TYPE, error_response, limit_event
from agentjob_runtime.model_proxy.ledger import Account
from agentjob_runtime.model_proxy.meter import StreamMeter, whole_reply
from agentjob_runtime.model_proxy.redact import Redactor, StreamRedactor
from agentjob_runtime.model_proxy.tokens import Tokens, estimate
from agentjob_runtime.model_proxy.upstream import outgoing_headers, passed_headers

LOG: Final = logging.getLogger(__name__)
LARGEST_BODY: Final = 16 * 1024 * 1024
"""Of an answer in one piece."""
SSE: Final = "text/event-stream"


class UpstreamCutError(Exception):
    """The endpoint's answer ended, after `received` bytes, before it was whole."""

    def __init__(self, message: str, received: int = 0) -> None:
        super().__init__(message)
        self.received = received


@dataclass(frozen=True)
class Relay:
    """The endpoint, and the key that only it gets."""

    session: ClientSession
    url: URL
    key: str | None
    redactor: Redactor

    async def forward(self, request: web.Request, call: Call, account: Account) -> web.StreamResponse:
        """The endpoint's answer, or 502 / 504 when it gives none. Nothing is retried. The call is settled afterwards."""
        try:
            return await self._exchange(request, call, account)
        except ConnectionTimeoutError:
            return self._unreachable("no connection in time")
        except TimeoutError:
            await self._settle_unanswered(account, received=0)
            return error_response(504, UPSTREAM_TYPE, "ModelTimeout", "the model's endpoint did not answer in time")
        except UpstreamCutError as error:
            await self._settle_unanswered(account, received=error.received)
            return self._unreachable(f"its answer was cut: {error}")
        except ClientError as error:
            return self._unreachable(str(error))
        except asyncio.CancelledError:
            await self._settle_unanswered(account, received=0)
            raise

    async def _exchange(self, request: web.Request, call: Call, account: Account) -> web.StreamResponse:
        headers = outgoing_headers(self.key, stream=call.stream)
        body = outgoing(call, account.reservation.cap)
        async with self.session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
            return await self._answer(request, answer, call, account)

    def _unreachable(self, why: str) -> web.Response:
        message = self.redactor.text(f"the model's endpoint cannot be used: {why}")
        event(LOG, logging.WARNING, message)
        return error_response(502, UPSTREAM_TYPE, "ModelUnreachable", message)

    async def _answer(
        self, request: web.Request, answer: ClientResponse, call: Call, account: Account
    ) -> web.StreamResponse:
        headers = {name: self.redactor.text(value) for name, value in passed_headers(answer.headers).items()}
        if 300 <= answer.status < 400:
            message = (
                f"the model's endpoint redirects (HTTP {answer.status}), which is not followed: correct model.endpoint"
            )
            return error_response(502, UPSTREAM_TYPE, "ModelRedirect", message)
        if answer.status == 200 and answer.content_type == SSE:
            return await self._stream(request, answer, headers, account)
        body = await _read_whole(answer)
        tokens, estimated = whole_reply(body, account.reservation.input) if answer.status == 200 else (Tokens(), False)
        await self._settle(account, tokens, estimated=estimated, status=answer.status)
        return web.Response(body=self.redactor.data(body), status=answer.status, headers=headers)

    async def _stream(
        self, request: web.Request, answer: ClientResponse, headers: dict[str, str], account: Account
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers | {"cache-control": "no-cache"})
        meter = StreamMeter()
        try:
            await response.prepare(request)
            await self._pump(answer, response, meter, account)
            await response.write_eof()
        except UpstreamCutError as error:
            event(LOG, logging.WARNING, self.redactor.text(f"the stream was cut: {error}"))
            await self._settle_stream(meter, account)
            _cut(request)
        except ConnectionError:
            event(LOG, logging.INFO, "the caller went away")
        finally:
            await self._settle_stream(meter, account)
        return response

    async def _pump(
        self, answer: ClientResponse, response: web.StreamResponse, meter: StreamMeter, account: Account
    ) -> None:
        """Passes chunks on. The call is settled before the caller sees its end: the caller may exit at once, and what it
        used is read then."""
        redactor = StreamRedactor(self.redactor)
        async for chunk in _chunks(answer):
            meter.feed(chunk)
            try:
                account.grow(meter.output)
            except LimitReachedError as error:
                event(LOG, logging.WARNING, str(error))
                await self._settle_stream(meter, account)
                await response.write(limit_event(error))
                return
            if meter.done:
                await self._settle_stream(meter, account)
            await response.write(redactor.feed(chunk))
        await self._settle_stream(meter, account)
        await response.write(redactor.flush())

    async def _settle_stream(self, meter: StreamMeter, account: Account) -> None:
        tokens, estimated = meter.tokens(account.reservation.input)
        await self._settle(account, tokens, estimated=estimated, status=200)

    async def _settle_unanswered(self, account: Account, received: int) -> None:
        """The endpoint may have read the input, and bill it."""
        tokens = Tokens(account.reservation.input, estimate(received))
        await self._settle(account, tokens, estimated=True, status=None)

    async def _settle(self, account: Account, tokens: Tokens, *, estimated: bool, status: int | None) -> None:
        if account.settled:
            return
        await account.settle(tokens, answered=status is not None, estimated=estimated)
        used = {"input_tokens": tokens.input, "output_tokens": tokens.output, "estimated": estimated}
        event(LOG, logging.INFO, "call", status=status, **used, seconds=account.seconds())


async def _chunks(answer: ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `UpstreamCutError`."""
    try:
        async for chunk in answer.content.iter_any():
            yield chunk
    except (ClientError, TimeoutError, OSError) as error:
        raise UpstreamCutError(str(error) or type(error).__name__) from error


async def _read_whole(answer: ClientResponse) -> bytes:
    body = bytearray()
    try:
        async for chunk in _chunks(answer):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise UpstreamCutError(f"it is larger than {LARGEST_BODY} bytes")
    except UpstreamCutError as error:
        raise UpstreamCutError(str(error), len(body)) from error
    return bytes(body)


def _cut(request: web.Request) -> None:
    """Ends the connection without the end of the body: a cut stream must not look like a whole one."""
    if request.transport:
        request.transport.close()
