"""What the engine makes of each way in which a model's endpoint can fail."""

import json
from pathlib import Path
from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentruns.engine import run_engine
from aiohttp import web
from aiohttp.test_utils import unused_port
from modelservers.conversation import FINISH, inline_task
from modelservers.raw import RawEndpoint, delta, replying, sse, streaming
from modelservers.running import running_app, running_scripted


@pytest.mark.parametrize(
    "kind", ["RateLimit", "ServerError", "StreamCut", "StreamCutInToolCall", "EmptyObject", "EmptyReply"]
)
async def test_a_passing_failure_is_survived(tmp_path: Path, kind: str) -> None:
    """Twice the failure, then the turn: the job succeeds, and no cut call was executed."""
    turn = {"toolCalls": [{"name": "run_shell", "arguments": {"command": "echo x >> count"}}]}
    async with running_scripted() as model:
        task = inline_task({**turn, "fault": {"kind": kind, "times": 2, "seconds": 0}}, FINISH)
        run = await run_engine(tmp_path, model.endpoint, task)
        assert model.violations() == []
    assert run.outcome.verdict is Verdict.SUCCESS, run.outcome
    assert (run.files.paths.workspace / "count").read_text() == "x\n"
    assert kind == "EmptyReply" or len(run.events("retry")) == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("RateLimit", Reason.MODEL_UNAVAILABLE),
        ("ServerError", Reason.MODEL_UNAVAILABLE),
        ("StreamCut", Reason.MODEL_UNAVAILABLE),
        ("StreamCutInToolCall", Reason.MODEL_UNAVAILABLE),
        ("EmptyObject", Reason.MODEL_UNAVAILABLE),
        ("Unauthorized", Reason.MODEL_UNAUTHORIZED),
        ("ContextOverflow", Reason.CONTEXT_OVERFLOW),
        ("MalformedToolCall", Reason.FORMAT_ERRORS),
        ("UnknownTool", Reason.FORMAT_ERRORS),
        ("EmptyReply", Reason.FORMAT_ERRORS),
    ],
)
async def test_a_lasting_failure_ends_with_its_reason(tmp_path: Path, kind: str, reason: Reason) -> None:
    """No verdict, the reason that the table has for it, and a sentence."""
    async with running_scripted() as model:
        run = await run_engine(tmp_path, model.endpoint, inline_task({"fault": {"kind": kind, "seconds": 0}}))
        assert model.violations() == []
    assert (run.outcome.verdict, run.outcome.reason) == (Verdict.CRASH, reason)
    assert run.outcome.message


async def test_a_stream_without_finish_reason_is_not_acted_upon(tmp_path: Path) -> None:
    """A whole tool call and [DONE], but no finish_reason: the client ends such a stream silently."""
    call = {"index": 0, "id": "a", "function": {"name": "run_shell", "arguments": '{"command": "touch acted"}'}}
    chunk = {"id": "x", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    endpoint = RawEndpoint(streaming(*sse(chunk, "[DONE]")))
    async with running_app(endpoint.app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert run.outcome.reason is Reason.MODEL_UNAVAILABLE
    assert not (run.files.paths.workspace / "acted").exists()
    assert len(endpoint.bodies) == 4


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: {not json\n\n"],
        [b"data: 5\n\n"],
        [b'data: {"choices": "many"}\n\n'],
        [b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": 7}]}}]}\n\n'],
        [b"<html>gateway</html>"],
        [b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'],
    ],
)
async def test_garbage_is_a_passing_failure(tmp_path: Path, pieces: list[bytes]) -> None:
    """Whatever a broken gateway sends, the loop retries and gives up in order."""
    endpoint = RawEndpoint(streaming(*pieces))
    async with running_app(endpoint.app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert run.outcome.reason is Reason.MODEL_UNAVAILABLE
    assert len(endpoint.bodies) == 4


@pytest.mark.parametrize("code", ["TokenLimit", "CostLimit"])
async def test_a_refusal_over_budget_is_a_limit(tmp_path: Path, code: str) -> None:
    """model-proxy's 403 is not an authorization error."""
    body = {"error": {"type": "agentjob_limit", "code": code, "message": "limits reached"}}
    async with running_app(RawEndpoint(replying(body, status=403)).app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert (run.outcome.verdict, run.outcome.reason) == (Verdict.LIMIT, Reason(code))
    assert "limits reached" in run.outcome.message


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (400, "unsupported parameter", Reason.MODEL_REFUSED),
        (404, "no such model", Reason.MODEL_REFUSED),
        (403, "forbidden", Reason.MODEL_UNAUTHORIZED),
        (400, "messages with role 'tool' must follow tool_calls", Reason.MODEL_REFUSED),
        (400, "prompt is too long: 300000 tokens", Reason.CONTEXT_OVERFLOW),
        (413, "too large", Reason.CONTEXT_OVERFLOW),
    ],
)
async def test_a_refusal_is_not_tried_again(tmp_path: Path, status: int, message: str, reason: Reason) -> None:
    """One call, and the provider's own words in the message."""
    endpoint = RawEndpoint(replying({"error": {"message": message}}, status=status))
    async with running_app(endpoint.app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert (run.outcome.verdict, run.outcome.reason) == (Verdict.CRASH, reason)
    assert message in run.outcome.message
    assert len(endpoint.bodies) == 1


async def test_retry_after_is_shown_and_capped(tmp_path: Path) -> None:
    """A provider cannot put the job to sleep for an hour."""
    endpoint = RawEndpoint(replying({"error": {"message": "slow down"}}, 429, {"Retry-After": "3600"}))
    async with running_app(endpoint.app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    waits = [event["afterSeconds"] for event in run.events("retry")]
    assert waits == [0.05, 0.05, 0.05]
    assert [(event["try"], event["of"]) for event in run.events("retry")] == [(1, 4), (2, 4), (3, 4)]


async def test_the_proxy_may_come_up_later_than_the_agent(tmp_path: Path) -> None:
    """Refused connections before the first answer do not count as tries."""
    port = unused_port()
    endpoint = f"http://127.0.0.1:{port}/v1"
    settings = {"startup_seconds": 0.3, "backoff_seconds": 0.02}
    run = await run_engine(tmp_path, endpoint, "task", settings=settings)
    assert run.outcome.reason is Reason.MODEL_UNAVAILABLE
    uncounted = [event for event in run.events("retry") if event["try"] == 0]
    assert len(uncounted) > 4
    assert all(event["reason"] == "connect" for event in uncounted)


async def test_the_content_filter_ends_the_run(tmp_path: Path) -> None:
    """A filtered reply is the provider's refusal, not half an answer."""
    end = {**delta(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}
    async with running_app(RawEndpoint(streaming(*sse(delta("I"), end, "[DONE]"))).app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert run.outcome.reason is Reason.MODEL_REFUSED


async def test_lone_surrogates_do_no_harm(tmp_path: Path) -> None:
    """JSON can carry what UTF-8 cannot: the reply is cleaned before it is stored, printed and sent back."""
    answers: list[dict[str, Any]] = [
        {"content": "bad \ud800 text"},
        {"tool_calls": [{"index": 0, "id": "b", "function": {"name": "finish", "arguments": json.dumps(
            {"success": True, "summary": "ok"})}}]},
    ]  # fmt: skip

    async def handle(request: web.Request) -> web.StreamResponse:
        change = answers[min(len(endpoint.bodies) - 1, 1)]
        chunk = {"id": "x", "choices": [{"index": 0, "delta": change, "finish_reason": "stop"}]}
        return await streaming(*sse(chunk, "[DONE]"))(request)

    endpoint = RawEndpoint(handle)
    async with running_app(endpoint.app()) as url:
        run = await run_engine(tmp_path, f"{url}/v1", "task")
    assert run.outcome.verdict is Verdict.SUCCESS
