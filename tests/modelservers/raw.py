"""Endpoints that do what a test wants, byte by byte."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class RawEndpoint:
    """Answers chat completions with `handler`; remembers what it got."""

    handler: Handler
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> web.Application:
        """The application; it takes any path, so that a proxy's choice of path shows."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({**request.headers, ":path": request.path_qs})
        self.bodies.append(json.loads(await request.read()))
        return await self.handler(request)


def completion(text: str = "ok", usage: tuple[int, int] | None = (10, 5)) -> dict[str, Any]:
    """A reply in one piece."""
    message = {"role": "assistant", "content": text}
    whole: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 0, "model": "echo"}
    whole["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return whole | ({"usage": usage_of(*usage)} if usage else {})


def usage_of(prompt: int, output: int) -> dict[str, int]:
    """The `usage` object."""
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def sse(*chunks: dict[str, Any] | str) -> list[bytes]:
    """Chunks as server-sent events."""
    return [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n".encode() for chunk in chunks]


def delta(text: str) -> dict[str, Any]:
    """A stream's chunk with text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "echo", "choices": [choice]}


def replying(body: dict[str, Any] | bytes, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    """The same answer to each request."""

    async def handle(request: web.Request) -> web.StreamResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=data, status=status, headers={"Content-Type": "application/json", **(headers or {})})

    return handle


def streaming(*pieces: bytes, cut: bool = False, hang: bool = False) -> Handler:
    """Sends the pieces one by one; then ends, breaks the connection, or says nothing more."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.005)
        if hang:
            await asyncio.sleep(3600)
        if cut and request.transport:
            request.transport.close()
        return response

    return handle
