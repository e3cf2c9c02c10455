"""The gate as an aiohttp application."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from agentjob_runtime.common import jsonlog
from agentjob_runtime.desktop.gate import headers, pages
from agentjob_runtime.desktop.gate.access import Access, NoTokenError
from agentjob_runtime.desktop.gate.bridge import bridge
from agentjob_runtime.desktop.gate.guesses import Guesses

LOG: Final = logging.getLogger(__name__)
COOKIE: Final = "agentjob-desktop"
START: Final = "vnc.html"
_FORM_BYTES: Final = 4096
_SETTINGS: Final = {"autoconnect": True, "resize": "remote", "reconnect": True, "reconnect_delay": 1000, "shared": True}
"""Of noVNC (docs/EMBEDDING.md): connects by itself, and the desktop takes the browser window's size."""
_MAX_VIEWERS: Final = 16


@dataclass(frozen=True)
class GateFiles:
    """`novnc`: its static files; `token_hash`: see `Access`; `vnc_socket`: the X server's; `base_url`: see `DesktopConfig`."""

    novnc: Path
    token_hash: Path
    vnc_socket: Path
    base_url: str = "/"


class Gate:
    """Handlers, all behind `_guard`."""

    def __init__(self, files: GateFiles, clock: Callable[[], float] = time.monotonic) -> None:
        self._files = files
        self._access = Access(files.token_hash)
        self._guesses = Guesses(clock)
        self._viewers = 0
        page = files.novnc / START
        scripts = [pages.enter_page(), page.read_bytes() if page.exists() else b""]
        self._policy = headers.policy([found for text in scripts for found in headers.script_hashes(text)])

    def app(self) -> web.Application:
        """Every route, and a middleware before all of them."""
        app = web.Application(middlewares=[self._guard], client_max_size=_FORM_BYTES)
        app.on_response_prepare.append(self._add_headers)
        # A proxy in front may strip the path that it serves the desktop under, or not.
        for base in dict.fromkeys((self._files.base_url, "/")):
            app.router.add_get(base, self._home)
            app.router.add_get(f"{base}websockify", self._websocket)
            app.router.add_get(f"{base}defaults.json", self._settings)
            app.router.add_static(base, self._files.novnc)
        return app

    async def _add_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers.COMMON)
        response.headers["Content-Security-Policy"] = self._policy

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            token = await _token_of(request)
            if token:
                return self._enter(request, token)
            if not self._access.session_fits(request.cookies.get(COOKIE, "")):
                return _page(pages.token_page(), 401)
        except NoTokenError as error:
            jsonlog.event(LOG, logging.ERROR, str(error))
            return _page(pages.token_page(pages.NO_TOKEN), 503)
        return await handler(request)

    def _enter(self, request: web.Request, token: str) -> web.Response:
        """Lets somebody in who has the token; raises `NoTokenError`."""
        if not self._access.token_fits(token):
            return self._refuse()
        response = _page(pages.enter_page(), 200)
        secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
        response.set_cookie(COOKIE, self._access.session(), path="/", httponly=True, samesite="Strict", secure=secure)
        jsonlog.event(LOG, logging.INFO, "somebody came in with the token")
        return response

    def _refuse(self) -> web.Response:
        if self._guesses.wrong():
            jsonlog.event(LOG, logging.WARNING, "a wrong token was refused")
            return _page(pages.token_page(pages.WRONG), 401)
        if self._guesses.just_exceeded:
            jsonlog.event(LOG, logging.WARNING, "too many wrong tokens; further ones are refused and not logged")
        response = web.Response(text=pages.TOO_MANY, status=429)
        response.headers["Retry-After"] = str(self._guesses.retry_after())
        response.force_close()
        return response

    async def _home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{request.path}{START}")

    async def _settings(self, _request: web.Request) -> web.Response:
        return web.json_response(_SETTINGS)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if not same_origin(request.headers.get("Origin", ""), request.headers.get("X-Forwarded-Host", request.host)):
            raise web.HTTPForbidden(text="A page of another site may not open this desktop.")
        if self._viewers >= _MAX_VIEWERS:
            raise web.HTTPServiceUnavailable(text="Too many browsers look at this desktop.")
        self._viewers += 1
        try:
            return await bridge(request, self._files.vnc_socket)
        finally:
            self._viewers -= 1


async def _token_of(request: web.Request) -> str:
    """The token in the link, or in the form that the token page sends; empty when there is none."""
    if request.method == "POST":
        value = (await request.post()).get("token", "")
        return value.strip() if isinstance(value, str) else ""
    return request.query.get("token", "")


def same_origin(origin: str, host: str) -> bool:
    """Whether a WebSocket's `Origin` is the site that it is opened on: browsers send cookies along from any site.

    `host` may come from X-Forwarded-Host: a page of another site cannot set it.
    """
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()


def _page(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")
