"""The budgets, with real servers on both sides: refusals, caps, parallel calls, restarts, streams that grow too long."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import ProxyUsage
from agentjob_runtime.model_proxy.ledger import LedgerError
from agentjob_runtime.model_proxy.tokens import estimate
from aiohttp import web
from modelservers.conversation import TOOLS, inline_task, messages
from modelservers.raw import RawEndpoint, completion, delta, replying, sse, streaming, usage_of
from modelservers.running import RunningProxy, dollars, job_config, running_app, running_proxy, running_scripted

ENOUGH = 100_000


def size_of(body: dict[str, Any]) -> int:
    """The estimate of a request's tokens, but for what the proxy added to it."""
    return estimate(len(json.dumps(body, separators=(",", ":"))))


async def ask(proxy: RunningProxy, **options: Any) -> Any:
    """One call, streamed to its end when `stream` is set."""
    async with proxy.client() as client:
        request = {"model": "echo", "messages": messages("Go."), "tools": TOOLS} | options
        reply: Any = await client.chat.completions.create(**request)
        return [chunk async for chunk in reply] if options.get("stream") else reply


async def refusal(proxy: RunningProxy, **options: Any) -> dict[str, Any]:
    """The error body of a call that is refused with 403."""
    with pytest.raises(openai.PermissionDeniedError) as caught:
        await ask(proxy, **options)
    assert isinstance(caught.value.body, dict)
    return caught.value.body


async def test_call_after_the_token_limit_is_refused_and_never_sent(tmp_path: Path) -> None:
    """The refusal is shaped as the agent expects it, names limit and use, and is on record."""
    endpoint = RawEndpoint(replying(completion(usage=(900, 100))))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
        await ask(proxy)
        error = await refusal(proxy)
        usage = proxy.usage()
    assert (error["type"], error["code"]) == ("agentjob_limit", "TokenLimit")
    assert "limits.tokens" in error["message"]
    assert "1000 of 1000 tokens" in error["message"]
    assert len(endpoint.bodies) == 1
    assert usage == ProxyUsage(requests=1, input_tokens=900, output_tokens=100, limit_reached=Reason.TOKEN_LIMIT)


async def test_a_call_that_the_last_one_shows_to_be_too_large_is_not_made(tmp_path: Path) -> None:
    """The endpoint counts two bytes a token, not four: the second call would pass the limit, also after a restart of the proxy."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await replying(completion(usage=(len(await request.read()) // 2, 1)))(request)

    endpoint, words = RawEndpoint(handle), messages("word " * 2000)
    async with running_app(endpoint.app()) as url:
        config = job_config(url, tokens=10_000)
        async with running_proxy(config, tmp_path) as proxy:
            await ask(proxy, messages=words)
            assert (await refusal(proxy, messages=words))["code"] == "TokenLimit"
        async with running_proxy(config, tmp_path) as proxy:
            assert (await refusal(proxy, messages=words))["code"] == "TokenLimit"
            usage = proxy.usage()
    assert 5_000 < usage.input_tokens < 10_000
    assert len(endpoint.bodies) == 1


async def test_cost_limit_is_exact_to_the_millionth(tmp_path: Path) -> None:
    """0.1 + 0.2 must be 0.3: cost is counted in decimals."""
    endpoint = RawEndpoint(replying(completion(usage=(100_000, 20_000))))
    config = job_config("", cost="0.6", prices=("1", "10"))
    async with running_app(endpoint.app()) as url:
        config = config.replace(model=config.model.replace(endpoint=url))
        async with running_proxy(config, tmp_path) as proxy:
            await ask(proxy)
            assert proxy.usage().cost_usd == "0.3"
            await ask(proxy)
            error = await refusal(proxy)
            usage = proxy.usage()
    assert error["code"] == "CostLimit"
    assert "0.6 of 0.6 US dollars" in error["message"]
    assert dollars(usage) == Decimal("0.6")
    assert usage.limit_reached is Reason.COST_LIMIT


async def test_without_limits_nothing_is_capped_and_all_is_counted(tmp_path: Path) -> None:
    """An unlimited job's requests go through as they are."""
    endpoint = RawEndpoint(replying(completion()))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        await ask(proxy)
        await ask(proxy, max_tokens=77)
        assert proxy.usage().requests == 2
    assert "max_completion_tokens" not in endpoint.bodies[0]
    assert endpoint.bodies[1]["max_tokens"] == 77


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_reply_is_capped_to_what_is_left(tmp_path: Path, name: str) -> None:
    """The caller's own maximum is lowered under the name that it used."""
    endpoint = RawEndpoint(replying(completion()))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
        await ask(proxy, **{name: 50_000})
    left = 1000 - endpoint.bodies[0][name]
    assert left == pytest.approx(size_of(endpoint.bodies[0]), abs=20)


async def test_caller_without_a_maximum_gets_one_when_little_is_left(tmp_path: Path) -> None:
    """A giant reply cannot pass the budget."""
    endpoint = RawEndpoint(replying(completion()))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
        await ask(proxy)
    assert 500 < endpoint.bodies[0]["max_completion_tokens"] < 1000


async def test_scripted_model_that_honours_the_cap_stays_within_the_limit(tmp_path: Path) -> None:
    """With exact counts on the other side: the cut reply is counted, and the sum is not above the limit."""
    task = inline_task({"text": "x" * 40_000})
    async with (
        running_scripted() as scripted,
        running_proxy(job_config(scripted.endpoint, "inline", tokens=12_000), tmp_path) as proxy,
    ):
        reply = await ask(proxy, model="inline", messages=messages(task), tools=TOOLS)
        usage = proxy.usage()
        assert scripted.violations() == []
    assert reply.choices[0].finish_reason == "length"
    assert 11_000 < usage.input_tokens + usage.output_tokens <= 12_000


@pytest.mark.parametrize("stream", [False, True])
async def test_parallel_calls_cannot_pass_the_limit_together(tmp_path: Path, stream: bool) -> None:
    """Twenty calls at once where there is room for some: reservations let no more through than fit."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.02)
        output = (await request.json())["max_tokens"]
        if not stream:
            return await replying(completion(usage=(80, output)))(request)
        last = {"choices": [], "usage": usage_of(80, output)}
        return await streaming(*sse(delta("hello"), last, "[DONE]"))(request)

    endpoint = RawEndpoint(handle)
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=2000), tmp_path) as proxy:
        calls = (ask(proxy, max_tokens=200, stream=stream) for _ in range(20))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        usage = proxy.usage()
    assert usage.input_tokens + usage.output_tokens <= 2000
    assert usage.requests == len(endpoint.bodies) == sum(not isinstance(each, Exception) for each in ended) >= 5
    assert all(isinstance(each, openai.PermissionDeniedError) for each in ended if isinstance(each, Exception))
    assert usage.limit_reached is Reason.TOKEN_LIMIT


async def test_call_waits_for_what_running_calls_may_leave_over(tmp_path: Path) -> None:
    """A reservation that turns out too large must not look like a used-up budget."""
    endpoint = RawEndpoint(replying(completion(usage=(10, 10))))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=5000), tmp_path) as proxy:
        await asyncio.gather(*(ask(proxy, max_tokens=4000) for _ in range(5)))
        assert proxy.usage() == ProxyUsage(requests=5, input_tokens=50, output_tokens=50)


async def test_restart_forgets_nothing(tmp_path: Path) -> None:
    """The second proxy goes on with the count of the first."""
    endpoint = RawEndpoint(replying(completion(usage=(900, 100))))
    async with running_app(endpoint.app()) as url:
        async with running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
            await ask(proxy)
        async with running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
            assert (await refusal(proxy))["code"] == "TokenLimit"
            assert proxy.usage().requests == 1


async def test_kill_during_a_call_forgets_nothing(tmp_path: Path) -> None:
    """What a killed proxy leaves on disk books the input of the call that it was carrying."""
    copy = tmp_path / "killed"
    copy.mkdir()

    async def handle(request: web.Request) -> web.StreamResponse:
        (copy / "usage.json").write_bytes((tmp_path / "usage.json").read_bytes())
        return await replying(completion())(request)

    endpoint = RawEndpoint(handle)
    async with running_app(endpoint.app()) as url:
        async with running_proxy(job_config(url), tmp_path) as proxy:
            await ask(proxy)
        async with running_proxy(job_config(url), copy) as proxy:
            booked = proxy.usage().input_tokens
    assert booked == pytest.approx(size_of(endpoint.bodies[0]), abs=20)


async def test_usage_file_that_cannot_be_read_is_no_empty_account(tmp_path: Path) -> None:
    """It would be a way to a fresh budget."""
    (tmp_path / "usage.json").write_text("{")
    with pytest.raises(LedgerError):
        async with running_proxy(job_config("http://127.0.0.1:1"), tmp_path):
            pass


@pytest.mark.parametrize("stream", [False, True])
async def test_endpoint_without_usage_is_estimated(tmp_path: Path, stream: bool) -> None:
    """Some servers report none; their tokens count all the same."""
    whole = replying(completion("a" * 400, usage=None))
    endpoint = RawEndpoint(streaming(*sse(delta("a" * 200), delta("b" * 200), "[DONE]")) if stream else whole)
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        await ask(proxy, stream=stream)
        usage = proxy.usage()
    assert usage.input_tokens == pytest.approx(size_of(endpoint.bodies[0]), abs=20)
    assert 100 <= usage.output_tokens < 200


async def test_running_usage_of_a_stream_is_not_summed(tmp_path: Path) -> None:
    """vLLM can report the usage so far in every chunk: the last one counts."""
    chunks = [delta("a") | {"usage": usage_of(10, n)} for n in (1, 2, 3)]
    endpoint = RawEndpoint(streaming(*sse(*chunks, "[DONE]")))
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url), tmp_path) as proxy:
        await ask(proxy, stream=True)
        assert proxy.usage() == ProxyUsage(requests=1, input_tokens=10, output_tokens=3)


async def test_stream_that_ignores_its_cap_is_ended_by_an_error_event(tmp_path: Path) -> None:
    """The endpoint writes on for ever; the limit ends it, and the client gets the reason, not a short reply."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await streaming(*sse(*[delta("word " * 20)] * 2000))(request)

    endpoint = RawEndpoint(handle)
    async with running_app(endpoint.app()) as url, running_proxy(job_config(url, tokens=1000), tmp_path) as proxy:
        with pytest.raises(openai.APIError) as caught:
            await ask(proxy, stream=True)
        usage = proxy.usage()
    assert caught.value.code == "TokenLimit"
    assert caught.value.type == "agentjob_limit"
    assert usage.limit_reached is Reason.TOKEN_LIMIT
    assert usage.output_tokens < 1100


async def test_reply_longer_than_its_reservation_goes_on_while_there_is_room(tmp_path: Path) -> None:
    """The default maximum is no limit of the job's."""
    text = "a" * 100_000
    endpoint = RawEndpoint(streaming(*sse(delta(text), {"choices": [], "usage": usage_of(10, 25_000)}, "[DONE]")))
    config = job_config("http://x", tokens=ENOUGH)
    async with running_app(endpoint.app()) as url:
        config = config.replace(model=config.model.replace(endpoint=url))
        async with running_proxy(config, tmp_path) as proxy:
            chunks = await ask(proxy, stream=True)
    assert chunks[0].choices[0].delta.content == text
    assert endpoint.bodies[0]["max_completion_tokens"] < 20_000
