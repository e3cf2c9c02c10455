"""The gate before a real Unix socket: nothing behind it can be had without the token, by any path, and guessing costs little."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from agentjob_runtime.desktop.gate.app import COOKIE, Gate, GateFiles, same_origin
from agentjob_runtime.desktop.gate.headers import policy, script_hashes
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

TOKEN = "a-token-of-this-desktop"
PAGE = b"<html><script type='module'>start()</script><canvas></canvas></html>"


@dataclass
class Desk:
    """A gate with a client that keeps no cookies but its own, and what stands for the X server."""

    client: TestClient[web.Request, web.Application]
    token_hash: Path
    origin: str

    async def enter(self) -> None:
        """With the token."""
        answer = await self.client.get("/", params={"token": TOKEN})
        assert answer.status == 200


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"RFB 003.008\n")
    while data := await reader.read(1000):
        writer.write(data.upper())
    writer.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A gate on a port of its own, with a page of noVNC and a VNC server that answers in capitals."""
    novnc = tmp_path / "novnc"
    (novnc / "app").mkdir(parents=True)
    (novnc / "vnc.html").write_bytes(PAGE)
    (novnc / "app" / "ui.js").write_text("// code")
    token_hash = tmp_path / "hash"
    token_hash.write_text(hashlib.sha256(TOKEN.encode()).hexdigest())
    vnc = await asyncio.start_unix_server(_echo, tmp_path / "vnc.sock")
    gate = Gate(GateFiles(novnc, token_hash, tmp_path / "vnc.sock", "/team/job/desktop/"), clock=lambda: 100.0)
    server = TestServer(gate.app())
    client = TestClient(server, cookie_jar=aiohttp.CookieJar(unsafe=True))
    await client.start_server()
    yield Desk(client, token_hash, str(server.make_url("/")).rstrip("/"))
    await client.close()
    vnc.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/vnc.html",
        "/app/ui.js",
        "/defaults.json",
        "/websockify",
        "/nothing",
        "/login",
        "/%2e%2e/hash",
        "/team/job/desktop/vnc.html",
    ],
)
async def test_without_the_token_every_path_is_the_form(desk: Desk, path: str) -> None:
    """Files, settings, the WebSocket and what does not exist all look the same to a stranger."""
    answer = await desk.client.get(path)
    assert answer.status == 401
    body = await answer.text()
    assert "<form" in body
    assert "canvas" not in body
    assert not answer.cookies


async def test_the_link_with_the_token_opens_the_desktop(desk: Desk) -> None:
    """The cookie is not the token, scripts cannot read it, other sites cannot send it; the token does not stay in the address."""
    answer = await desk.client.get("/vnc.html", params={"token": TOKEN})
    cookie = answer.cookies[COOKIE]
    assert (answer.status, cookie["httponly"], cookie["samesite"]) == (200, True, "Strict")
    body = await answer.text()
    assert 'location.replace("vnc.html")' in body
    assert TOKEN not in body + cookie.value
    assert (await (await desk.client.get("/vnc.html")).read()) == PAGE
    assert (await (await desk.client.get("/team/job/desktop/app/ui.js")).text()) == "// code"


async def test_the_form_opens_the_desktop(desk: Desk) -> None:
    """White space that was copied with the token does not matter."""
    answer = await desk.client.post("/login", data={"token": f" {TOKEN}\n"})
    assert answer.status == 200
    assert COOKIE in answer.cookies


async def test_forged_cookies_are_refused(desk: Desk) -> None:
    """The token's hash lies in the container: a cookie cannot be made of it, nor of the token."""
    for value in ("", "x", TOKEN, hashlib.sha256(TOKEN.encode()).hexdigest(), "0" * 64):
        answer = await desk.client.get("/vnc.html", headers={"Cookie": f"{COOKIE}={value}"})
        assert answer.status == 401


async def test_a_thousand_guesses_do_not_get_in_and_do_not_keep_the_owner_out(desk: Desk) -> None:
    """After ten in a minute they get a short answer; the right token is still taken: the agent could else lock the person out."""
    statuses = [(await desk.client.post("/login", data={"token": f"guess-{number}"})).status for number in range(1000)]
    assert statuses == [401] * 10 + [429] * 990
    answer = await desk.client.get("/", params={"token": "one more"})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await desk.client.get("/vnc.html")).status == 401
    await desk.enter()
    assert (await desk.client.get("/vnc.html")).status == 200


async def test_a_changed_token_is_in_force_at_once(desk: Desk) -> None:
    """And ends the sessions of the old one."""
    await desk.enter()
    desk.token_hash.write_text(hashlib.sha256(b"another").hexdigest() + "\n")
    assert (await desk.client.get("/vnc.html")).status == 401
    assert (await desk.client.get("/", params={"token": TOKEN})).status == 401
    assert (await desk.client.get("/", params={"token": "another"})).status == 200


@pytest.mark.parametrize("content", [None, "", "not a hash", "f" * 63])
async def test_without_a_readable_hash_nobody_comes_in(desk: Desk, content: str | None) -> None:
    """An empty or broken file must not be a token that somebody can guess."""
    desk.token_hash.unlink()
    if content is not None:
        desk.token_hash.write_text(content)
    for token in ("", TOKEN, content or "x"):
        assert (await desk.client.get("/vnc.html", params={"token": token})).status == 503


async def test_the_websocket_reaches_the_vnc_server(desk: Desk) -> None:
    """Both directions, as binary messages."""
    await desk.enter()
    async with desk.client.ws_connect("/websockify", origin=desk.origin, protocols=["binary"]) as socket:
        assert await socket.receive_bytes() == b"RFB 003.008\n"
        await socket.send_bytes(b"hello")
        assert await socket.receive_bytes() == b"HELLO"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
async def test_a_page_of_another_site_gets_no_websocket(desk: Desk, origin: str | None) -> None:
    """Even with the cookie: browsers send it along from wherever the page came."""
    await desk.enter()
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await desk.client.ws_connect("/websockify", origin=origin)
    assert caught.value.status == 403


async def test_every_answer_forbids_caches_and_referrers(desk: Desk) -> None:
    """The form, the page and what is not found."""
    stranger = await desk.client.get("/vnc.html")
    await desk.enter()
    for answer in (stranger, await desk.client.get("/vnc.html"), await desk.client.get("/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_noVNC_is_told_to_connect_and_to_resize(desk: Desk) -> None:  # noqa: N802 - the product's name
    """Nobody has to press a button, and the desktop has the browser window's size."""
    await desk.enter()
    settings = await (await desk.client.get("/defaults.json")).json()
    assert (settings["autoconnect"], settings["resize"]) == (True, "remote")


def test_only_the_page_s_own_scripts_run() -> None:
    """Those with a source are covered by 'self'; inline ones are named by their hash."""
    assert script_hashes(b"<script src='x.js'></script>") == []
    (found,) = script_hashes(PAGE)
    assert f"script-src 'self' {found}" in policy([found])


def test_origin_is_compared_with_the_port() -> None:
    """Another port of the same host is another site."""
    assert same_origin("https://Desk.example:6080", "desk.example:6080")
    assert not same_origin("http://localhost:3000", "localhost:6080")
    assert not same_origin("", "")
