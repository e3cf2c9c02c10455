"""openai client -> model-proxy -> scripted model: what goes through, and what does not."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import openai
import pytest
from agentjob_api.report import ProxyUsage
from agentjob_runtime.model_proxy.server import LARGEST_REQUEST
from modelservers.conversation import TOOLS, inline_task, messages
from modelservers.running import RunningProxy, RunningScripted, job_config, running_proxy, running_scripted

KEY = "sk-scripted-0123456789"


@pytest.fixture
async def scripted() -> AsyncIterator[RunningScripted]:
    """A model that wants the key, so that every answer shows that the proxy put it in."""
    async with running_scripted(key=KEY) as server:
        yield server


@pytest.fixture
async def proxy(scripted: RunningScripted, tmp_path: Path) -> AsyncIterator[RunningProxy]:
    """A proxy without limits in front of it."""
    async with running_proxy(job_config(scripted.endpoint), tmp_path, KEY) as server:
        yield server


async def test_whole_reply_comes_through_and_is_counted(proxy: RunningProxy) -> None:
    """The provider's own numbers are booked."""
    async with proxy.client() as client:
        reply = await client.chat.completions.create(model="echo", messages=messages("Write it."), tools=TOOLS)
    assert reply.choices[0].message.tool_calls
    assert reply.usage
    expected = ProxyUsage(
        requests=1, input_tokens=reply.usage.prompt_tokens, output_tokens=reply.usage.completion_tokens
    )
    assert proxy.usage() == expected


async def test_stream_is_counted_although_the_caller_did_not_ask_for_usage(proxy: RunningProxy) -> None:
    """`include_usage` is added; the usage is on disk when the client sees the end of the stream."""
    text, usage = "", None
    async with proxy.client() as client:
        create = client.chat.completions.create
        async for chunk in await create(model="echo", messages=messages("Go."), tools=TOOLS, stream=True):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            usage = chunk.usage or usage
        booked = proxy.usage()
    assert text == "I write the file."
    assert usage
    assert (booked.input_tokens, booked.output_tokens) == (usage.prompt_tokens, usage.completion_tokens)


async def test_stream_flows_while_it_is_made(scripted: RunningScripted, tmp_path: Path) -> None:
    """The first chunk arrives while the endpoint still waits before the others."""
    task = inline_task({"text": "word " * 40, "secondsPerChunk": 0.05})
    async with (
        running_proxy(job_config(scripted.endpoint, "inline"), tmp_path, KEY) as proxy,
        proxy.client() as client,
        client.chat.completions.stream(model="inline", messages=messages(task)) as stream,
    ):
        await anext(aiter(stream))
        assert not scripted.server.journal.requests, "the endpoint has ended the reply"
        assert proxy.usage().requests == 0


async def test_models_is_the_one_model(proxy: RunningProxy) -> None:
    """An engine that asks for models finds the allowed one, whatever else the endpoint has."""
    async with proxy.client() as client:
        assert [model.id async for model in await client.models.list()] == ["echo"]


async def test_callers_authorization_is_not_forwarded(scripted: RunningScripted, tmp_path: Path) -> None:
    """Without a key of its own the proxy sends none, although the client sent one that the endpoint would take."""
    async with running_proxy(job_config(scripted.endpoint), tmp_path, None) as proxy:
        client = openai.AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key=KEY, max_retries=0)
        async with client:
            with pytest.raises(openai.AuthenticationError):
                await client.chat.completions.create(model="echo", messages=messages("Write it."), tools=TOOLS)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/embeddings", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("POST", "/v1/chat/../embeddings", 404),
        ("GET", "/v1/files", 404),
        ("GET", "/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
    ],
)
async def test_other_paths_are_refused(proxy: RunningProxy, method: str, path: str, status: int) -> None:
    """Nothing but chat completions goes to the endpoint with the key."""
    async with aiohttp.ClientSession() as session, session.request(method, proxy.url + path, json={}) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"model": "another"}', 403),
        ('{"model": ["echo"]}', 403),
        ('{"model": "echo", "model": "another"}', 403),
        ("{}", 403),
        ("[]", 400),
        ("{", 400),
        ('{"model": "echo", "temperature": NaN}', 400),
        ('{"model": "echo", "n": 2}', 400),
        ('{"model": "echo", "service_tier": "priority"}', 400),
        ('{"model": "echo", "service_tier": ["priority"]}', 400),
        ('{"model": "echo", "web_search_options": {}}', 400),
        ('{"model": "echo", "stream": "yes"}', 400),
        ('{"model": "echo", "stream": true, "stream_options": [1]}', 400),
        ('{"model": "echo", "max_tokens": 0}', 400),
        ('{"model": "echo", "max_completion_tokens": true}', 400),
        ("[" * 100_000, 400),
    ],
)
async def test_other_requests_are_refused(
    proxy: RunningProxy, scripted: RunningScripted, body: str, status: int
) -> None:
    """The endpoint never sees them, and they count nothing."""
    headers = {"Content-Type": "application/json"}
    url = f"{proxy.url}/v1/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]["message"]
    assert proxy.usage() == ProxyUsage()
    assert not scripted.server.journal.requests


async def test_giant_request_is_refused(proxy: RunningProxy) -> None:
    """A hostile agent cannot fill the proxy's memory."""
    url, body = f"{proxy.url}/v1/chat/completions", b" " * (LARGEST_REQUEST + 1)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 413


async def test_web_page_cannot_make_calls(proxy: RunningProxy) -> None:
    """Browsers send text/plain to 127.0.0.1 without a preflight."""
    url = f"{proxy.url}/v1/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(url, data='{"model": "echo"}') as answer:
        assert answer.status == 415


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_healthz(proxy: RunningProxy, method: str) -> None:
    """For a probe."""
    async with aiohttp.ClientSession() as session, session.request(method, f"{proxy.url}/healthz") as answer:
        assert answer.status == 200
