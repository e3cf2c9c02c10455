"""The HTTP side: which paths there are, what a request must look like, and how a refusal reads."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from agentjob_runtime.common.jsonlog import event
from agentjob_runtime.model_proxy.budget import LimitReachedError
from agentjob_runtime.model_proxy.call import CallRefusedError, read_call
from agentjob_runtime.model_proxy.errors import PROXY_TYPE, REQUEST_TYPE, error_response, limit_response
from agentjob_runtime.model_proxy.ledger import Ledger, LedgerError
from agentjob_runtime.model_proxy.relay import Relay

LOG: Final = logging.getLogger(__name__)
LARGEST_REQUEST: Final = 16 * 1024 * 1024
MOST_CALLS: Final = 4
"""At a time; more wait. It bounds the memory that a hostile agent can make the proxy use."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """The handlers of the three paths; everything else is 404."""

    model: str
    ledger: Ledger
    relay: Relay
    _calls: set[asyncio.Task[object]] = field(default_factory=set)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CALLS))

    def app(self) -> web.Application:
        """The application; `stop_calls` before it is cleaned up."""
        app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[as_json])
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/v1/models", self.models)
        app.router.add_post("/v1/chat/completions", self.chat_completions)
        return app

    async def stop_calls(self) -> None:
        """Ends the calls that run; each is settled by what is known of it."""
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def healthz(self, request: web.Request) -> web.Response:
        """The process answers; it says nothing of the endpoint."""
        return web.Response(text="ok")

    async def models(self, request: web.Request) -> web.Response:
        """The one model there is."""
        model = {"id": self.model, "object": "model", "created": 0, "owned_by": "agentjob"}
        return web.json_response({"object": "list", "data": [model]})

    async def chat_completions(self, request: web.Request) -> web.StreamResponse:
        """Forwards a call that the limits have room for."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a handler runs in a task")
        self._calls.add(task)
        try:
            async with self._slots:
                return await self._call(request)
        finally:
            self._calls.discard(task)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            # A web page that the desktop's browser shows can send other types to 127.0.0.1 without being asked.
            raise CallRefusedError(415, "unsupported_media_type", "Content-Type must be application/json")
        call = read_call(await request.read(), self.model)
        async with self.ledger.call(call.ask) as account:
            return await self.relay.forward(request, call, account)


@web.middleware
async def as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Every refusal in the shape that OpenAI's clients read."""
    try:
        return await handler(request)
    except CallRefusedError as error:
        return error_response(error.status, REQUEST_TYPE, error.code, str(error))
    except LimitReachedError as error:
        event(LOG, logging.WARNING, str(error), reason=error.reason)
        return limit_response(error)
    except LedgerError as error:
        event(LOG, logging.ERROR, str(error))
        return error_response(500, PROXY_TYPE, "UsageNotSaved", str(error))
    except web.HTTPRequestEntityTooLarge:
        return error_response(413, REQUEST_TYPE, "request_too_large", f"a request may be {LARGEST_REQUEST} bytes long")
    except web.HTTPException as error:
        message = f"{request.method} {request.path} is not forwarded"
        return error_response(error.status, REQUEST_TYPE, error.reason.lower().replace(" ", "_"), message)
