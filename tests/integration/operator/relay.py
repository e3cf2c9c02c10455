"""A reverse proxy between the operator and a server: it counts what is written, and can cut the operator off in every way.

The operator has no hook for tests; this is how it is killed "after each of its API writes in turn", and how a network breaks.
"""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

WRITES = ("POST", "PUT", "PATCH", "DELETE")
HOP_BY_HOP = ("Connection", "Transfer-Encoding", "Keep-Alive", "Trailer", "Upgrade")


@dataclass(frozen=True)
class Write:
    """One request that writes, and what the API server answered."""

    method: str
    path: str
    status: int
    at: float
    """When it was passed on; seconds of `time.time`."""


@dataclass
class Relay:
    """Running on `url`. Leases are not counted: they are the election's, not an AgentJob's."""

    url: str = ""
    answered: list[Write] = field(default_factory=list)
    under_way: int = 0
    requests: int = 0
    on_write: Callable[[int], bool] = lambda count: True
    """Called with the number of writes so far, after the API server answered; False drops the answer."""
    intercept: Callable[[str, str], tuple[int, dict[str, object]] | None] = lambda method, path: None
    """An answer instead of the API server's, by method and path."""
    retry_after: str = ""
    """Header of such answers."""
    hold: Callable[[str, str], bool] = lambda method, path: False
    """By method and path, asked again and again: while it says so nothing passes, in a stream that has begun neither. As a network
    that drops packets: nobody is told, and what was under way arrives once it lets go, late, even if nobody waits for it any more."""
    arrived: list[Write] = field(default_factory=list)
    """Writes that the operator sent, passed on or not (status 0)."""
    streams: list[aiohttp.ClientResponse] = field(default_factory=list)
    frozen: list[aiohttp.ClientResponse] = field(default_factory=list)
    gone: list[aiohttp.ClientResponse] = field(default_factory=list)
    """Streams that were cut: what they still held is lost."""
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def writes(self) -> list[Write]:
        """Once none is under way: the API server shows an object to a test before the relay has read its answer."""
        deadline = time.monotonic() + 10
        while self.under_way:
            assert time.monotonic() < deadline, f"{self.under_way} writes have had no answer for 10 s"
            time.sleep(0.005)
        return self.answered

    def cut(self, part: str = "") -> None:
        """Ends the watches whose path holds `part`, as a restarted API server does."""

        def close() -> None:
            for stream in list(self.streams):
                if part in stream.url.path and "watch" in stream.url.query:
                    self.gone.append(stream)
                    stream.close()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(close)

    def freeze(self) -> None:
        """Nothing passes any more in the streams that have begun, and nobody is told; new ones are as ever."""
        self.frozen = list(self.streams)

    def of(self, *parts: str) -> list[Write]:
        """Writes whose path holds each of `parts`."""
        return [write for write in self.writes if all(part in write.path for part in parts)]


class _Server:
    def __init__(self, relay: Relay, url: str, ca_file: Path | None) -> None:
        self._relay, self._url, self._ca_file = relay, url, ca_file
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> web.AppRunner:
        context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=context),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=8 * 1024**2)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._relay.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def stop(self, runner: web.AppRunner) -> None:
        await runner.cleanup()
        if self._session is not None:
            await self._session.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        relay = self._relay
        relay.requests += 1
        writes = request.method in WRITES and "/leases" not in request.path
        if writes:
            relay.arrived.append(Write(request.method, request.path, 0, time.time()))
        await self._held(request)
        if (instead := relay.intercept(request.method, request.path_qs)) is not None:
            return web.Response(
                text=json.dumps(instead[1]) + "\n",
                status=instead[0],
                content_type="application/json",
                headers={"Retry-After": relay.retry_after} if relay.retry_after else None,
            )
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name != "Accept-Encoding"}
        body = await request.read()
        relay.under_way += writes
        try:
            answer = await self._session.request(
                request.method, URL(self._url + request.raw_path, encoded=True), headers=headers, data=body or None
            )
            if writes:
                relay.answered.append(Write(request.method, request.path, answer.status, time.time()))
        finally:
            relay.under_way -= writes
        async with answer:
            if writes and not relay.on_write(len(relay.answered)):
                raise web.HTTPBadGateway
            return await self._pass_on(request, answer)

    async def _held(self, request: web.Request, answer: aiohttp.ClientResponse | None = None) -> None:
        while True:
            if answer is not None and answer in self._relay.gone:
                raise ConnectionResetError
            if answer not in self._relay.frozen and not self._relay.hold(request.method, request.path_qs):
                return
            await asyncio.sleep(0.02)

    async def _pass_on(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        kept = {n: v for n, v in answer.headers.items() if n not in HOP_BY_HOP}
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        self._relay.streams.append(answer)
        try:
            async for chunk in answer.content.iter_any():
                await self._held(request, answer)
                await response.write(chunk)
            await response.write_eof()
        except (ConnectionError, aiohttp.ClientError):
            request.protocol.force_close()
        finally:
            self._relay.streams.remove(answer)
        return response


@contextmanager
def running_relay(url: str, ca_file: Path | None = None) -> Iterator[Relay]:
    """To the server at `url`, in a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    relay = Relay(loop=loop)
    server = _Server(relay, url, ca_file)
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(runner), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
