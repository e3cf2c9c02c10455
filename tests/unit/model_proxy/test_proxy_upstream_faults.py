"""An endpoint that fails: what the agent sees of it, and what is booked. Nothing is retried by the proxy."""

import asyncio
from pathlib import Path
from typing import Any

import openai
import pytest
from agentjob_api.report import ProxyUsage
from agentjob_runtime.model_proxy.upstream import Timeouts
from aiohttp import web
from aiohttp.test_utils import unused_port
from modelservers.conversation import FINISH, TOOLS, inline_task, messages
from modelservers.raw import RawEndpoint, completion, delta, replying, sse, streaming, usage_of
from modelservers.running import RunningProxy, job_config, running_app, running_proxy, running_scripted


async def ask(proxy: RunningProxy, **options: Any) -> Any:
    """One call, streamed to its end when `stream` is set."""
    async with proxy.client() as client:
        request = {"model": "echo", "messages": messages("Go."), "tools": TOOLS} | options
        reply: Any = await client.chat.completions.create(**request)
        return [chunk async for chunk in reply] if options.get("stream") else reply


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "status"), [("RateLimit", 429), ("ServerError", 500), ("Unauthorized", 401), ("ContextOverflow", 400)]
)
async def test_errors_pass_through_once_and_count_no_tokens(
    tmp_path: Path, fault: str, status: int, stream: bool
) -> None:
    """Status, code and Retry-After are the agent's business; one call is one request."""
    task = inline_task({**FINISH, "fault": {"kind": fault, "seconds": 7}})
    async with (
        running_scripted() as scripted,
        running_proxy(job_config(scripted.endpoint, "inline"), tmp_path) as proxy,
    ):
        with pytest.raises(openai.APIStatusError) as caught:
            await ask(proxy, model="inline", messages=messages(task), stream=stream)
        assert proxy.usage() == ProxyUsage(requests=1)
        assert dict(scripted.server.journal.requests) == {f"inline {status} {fault}": 1}
    assert caught.value.status_code == status
    assert caught.value.response.headers.get("retry-after") == ("7" if status == 429 else None)
    assert caught.value.code


async def test_quiet_end_of_a_stream_is_passed_on_as_it_is(tmp_path: Path) -> None:
    """No [DONE], no finish_reason: the agent must be able to see that; the tokens are estimated."""
    task = inline_task({**FINISH, "fault": {"kind": "StreamCut"}})
    async with (
        running_scripted() as scripted,
        running_proxy(job_config(scripted.endpoint, "inline"), tmp_path) as proxy,
    ):
        chunks = await ask(proxy, model="inline", messages=messages(task), stream=True)
        usage = proxy.usage()
    assert all(choice.finish_reason is None for chunk in chunks for choice in chunk.choices)
    assert usage.input_tokens > 50
    assert usage.output_tokens > 5


@pytest.mark.parametrize("stream", [False, True])
async def test_broken_connection_looks_broken(tmp_path: Path, stream: bool) -> None:
    """A cut reply must not end as if it were whole; a reply in one piece becomes a 502. What came is booked."""
    task = inline_task({**FINISH, "fault": {"kind": "StreamCutInToolCall"}})
    async with (
        running_scripted() as scripted,
        running_proxy(job_config(scripted.endpoint, "inline"), tmp_path) as proxy,
    ):
        with pytest.raises((openai.APIConnectionError, openai.InternalServerError)) as caught:
            await ask(proxy, model="inline", messages=messages(task), stream=stream)
        usage = proxy.usage()
    assert stream or getattr(caught.value, "status_code", None) == 502
    assert usage.input_tokens > 50
    assert usage.output_tokens > 5


async def test_unreachable_endpoint_is_502(tmp_path: Path) -> None:
    """With the error's shape that clients read, and nothing booked."""
    async with running_proxy(job_config(f"http://127.0.0.1:{unused_port()}/v1"), tmp_path) as proxy:
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(proxy)
        assert proxy.usage() == ProxyUsage()
    assert caught.value.status_code == 502
    assert caught.value.code == "ModelUnreachable"


async def test_unknown_host_is_502(tmp_path: Path) -> None:
    """The reserved name never resolves (RFC 6761)."""
    async with running_proxy(job_config("http://model.invalid/v1"), tmp_path) as proxy:
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(proxy)
    assert caught.value.status_code == 502


async def test_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    """TLS to a server that speaks none, or shows no good certificate, never gets the key."""
    endpoint = RawEndpoint(replying(completion()))
    async with (
        running_app(endpoint.app()) as url,
        running_proxy(job_config(url.replace("http://", "https://")), tmp_path, "sk-0123456789") as proxy,
    ):
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(proxy)
    assert caught.value.status_code == 502
    assert endpoint.headers == []


async def test_endpoint_that_never_answers_is_504(tmp_path: Path) -> None:
    """It may have read the input and bill it: that is booked."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    async with (
        running_app(RawEndpoint(handle).app()) as url,
        running_proxy(job_config(url), tmp_path, timeouts=Timeouts(idle=0.2)) as proxy,
    ):
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(proxy)
        assert proxy.usage().input_tokens > 50
    assert caught.value.status_code == 504


async def test_stream_that_falls_silent_is_cut(tmp_path: Path) -> None:
    """Neither the agent nor the proxy waits for ever."""
    endpoint = RawEndpoint(streaming(*sse(delta("hello")), hang=True))
    async with (
        running_app(endpoint.app()) as url,
        running_proxy(job_config(url), tmp_path, timeouts=Timeouts(idle=0.2)) as proxy,
    ):
        with pytest.raises(openai.APIConnectionError):
            await ask(proxy, stream=True)
        assert proxy.usage().output_tokens == 2


async def test_caller_that_leaves_ends_the_call(tmp_path: Path) -> None:
    """What came until then is booked, and the endpoint is let go."""
    left = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await streaming(*sse(*[delta("word " * 8)] * 2000))(request)
        except ConnectionError:
            left.set()
            raise

    async with running_app(RawEndpoint(handle).app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        client = proxy.client()
        stream = await client.chat.completions.create(model="echo", messages=messages("Go."), stream=True)
        await anext(aiter(stream))
        await stream.close()
        await client.close()
        await asyncio.wait_for(left.wait(), 20)
        assert proxy.usage().output_tokens > 0


async def test_redirect_is_not_followed(tmp_path: Path) -> None:
    """The key goes to the configured host only."""
    elsewhere = RawEndpoint(replying(completion()))
    async with running_app(elsewhere.app()) as other:
        endpoint = RawEndpoint(replying(b"", 307, {"Location": f"{other}/v1/chat/completions"}))
        async with (
            running_app(endpoint.app()) as url,
            running_proxy(job_config(url), tmp_path, "sk-0123456789") as proxy,
        ):
            with pytest.raises(openai.InternalServerError) as caught:
                await ask(proxy)
    assert caught.value.status_code == 502
    assert caught.value.code == "ModelRedirect"
    assert elsewhere.headers == []


async def test_200_with_an_empty_object_is_passed_on_and_estimated(tmp_path: Path) -> None:
    """The agent has to cope with it; it is no free call."""
    endpoint = RawEndpoint(replying({}))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        assert (await ask(proxy)).choices is None
        assert proxy.usage().input_tokens > 50


async def test_endpoints_path_and_query_are_kept(tmp_path: Path) -> None:
    """Gateways put an API version there."""
    endpoint = RawEndpoint(replying(completion()))
    async with (
        running_app(endpoint.app()) as url,
        running_proxy(job_config(f"{url}/deployments/a%20b/?api-version=1"), tmp_path) as proxy,
    ):
        await ask(proxy)
    assert endpoint.headers[0][":path"] == "/deployments/a%20b/chat/completions?api-version=1"


async def test_long_stream_is_cut_by_nothing_but_its_end(tmp_path: Path) -> None:
    """Many chunks, some of them split and some joined, arrive byte for byte."""
    events = b"".join(sse(*[delta(f"é{n}") for n in range(500)], {"choices": [], "usage": usage_of(1, 2)}, "[DONE]"))
    pieces = [events[start : start + 977] for start in range(0, len(events), 977)]
    endpoint = RawEndpoint(streaming(*pieces))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        chunks = await ask(proxy, stream=True)
        assert proxy.usage() == ProxyUsage(requests=1, input_tokens=1, output_tokens=2)
    assert [chunk.choices[0].delta.content for chunk in chunks[:-1]] == [f"é{n}" for n in range(500)]
