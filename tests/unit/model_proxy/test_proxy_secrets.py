"""The key is seen by the endpoint and by nobody else, whatever the endpoint does with it."""

import json
import logging
from pathlib import Path

import aiohttp
import pytest
from agentjob_runtime.common.jsonlog import JsonFormatter
from agentjob_runtime.model_proxy.main import Settings
from modelservers.conversation import messages
from modelservers.raw import Handler, RawEndpoint, completion, delta, replying, sse, streaming, usage_of
from modelservers.running import job_config, running_app, running_proxy

KEY = 'sk-pr/oj-"0123456789"-ÄÖ'.replace("ÄÖ", "abcdefghijklmnop")
ESCAPED = json.dumps(KEY)[1:-1]
SPLIT = [piece.encode() for piece in ("data: sk-pr", '/oj-"012345', '6789"-abcdefghijkl', "mnop\n\n")]
ECHOES = [f"you sent {KEY}!".encode(), json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()]
SLASHES = json.dumps({"k": KEY}).replace("/", "\\/").encode()
PERCENT = b'{"url": "https://x/?key=sk-pr%2Foj-%220123456789%22-abcdefghijklmnop"}'


def leaks(data: bytes) -> bool:
    """The key, in any spelling, or the greater part of it."""
    spellings = (KEY, ESCAPED, ESCAPED.replace("/", "\\/"), "oj-%22", "abcdefghijklmnop", "0123456789")
    return any(spelling.encode() in data for spelling in spellings)


async def exchange(handler: Handler, folder: Path, *, stream: bool) -> tuple[bytes, str]:
    """Everything that a caller sees, as bytes, and what lies on disk afterwards."""
    endpoint = RawEndpoint(handler)
    request = {"model": "echo", "messages": messages("Go."), "stream": stream}
    async with (
        running_app(endpoint.app()) as url,
        running_proxy(job_config(url), folder, KEY) as proxy,
        aiohttp.ClientSession() as session,
        session.post(f"{proxy.url}/v1/chat/completions", json=request) as answer,
    ):
        seen = str(answer.headers).encode() + str(answer.reason).encode() + await answer.read()
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}", "the endpoint must get the key"
    return seen, (folder / "usage.json").read_text()


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("body", [*ECHOES, SLASHES, PERCENT])
async def test_echoed_key_is_masked_in_whole_replies(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes, status: int
) -> None:
    """As text, as JSON writes it, as URLs write it; in successes and errors; nor is it logged or stored."""
    caplog.set_level(logging.DEBUG)
    headers = {"X-Request-Id": f"r-{KEY}", "Set-Cookie": f"k={KEY}", "X-Debug": KEY, "Retry-After": "3"}
    seen, disk = await exchange(replying(body, status, headers), tmp_path, stream=False)
    assert b"***" in seen
    assert not leaks(seen)
    assert not leaks(disk.encode())
    assert b"cookie" not in seen.lower()
    assert b"x-debug" not in seen.lower()
    ours = [record for record in caplog.records if record.name.startswith("agentjob")]
    assert ours
    assert not leaks("\n".join(JsonFormatter().format(record) for record in ours).encode())


async def test_key_cut_into_chunks_of_a_stream_is_masked(tmp_path: Path) -> None:
    """Each chunk alone shows only a part."""
    rest = sse(delta("fine"), {"choices": [], "usage": usage_of(1, 1)}, "[DONE]")
    seen, _ = await exchange(streaming(*SPLIT, *rest), tmp_path, stream=True)
    assert b"data: ***\n\n" in seen
    assert b"fine" in seen
    assert not leaks(seen)


async def test_key_in_a_redirect_or_a_reason_phrase_is_masked(tmp_path: Path) -> None:
    """Neither header is passed on."""
    seen, _ = await exchange(replying(b"", 302, {"Location": f"http://x/{KEY}"}), tmp_path, stream=False)
    assert not leaks(seen)


async def test_bodies_are_never_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Prompts and replies are the user's."""
    caplog.set_level(logging.DEBUG)
    await exchange(replying(completion("a private reply")), tmp_path, stream=False)
    text = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert "call" in text
    assert "private" not in text
    assert "You are an agent" not in text


def test_key_is_not_in_the_settings_repr(tmp_path: Path) -> None:
    """Settings may end up in a traceback."""
    assert KEY not in repr(Settings(job_config("http://x"), tmp_path, KEY))
