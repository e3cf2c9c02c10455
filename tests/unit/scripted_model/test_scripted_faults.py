"""Each named fault as a client of the protocol sees it, and that it ends when it should."""

import json
import time
from typing import Any

import openai
import pytest
from agentjob_runtime.scripted_model.faults import MOST, FaultCounter
from agentjob_runtime.scripted_model.script import Fault, FaultKind
from modelservers.conversation import FINISH, TOOLS, assistant, inline_task, messages, result
from modelservers.running import RunningScripted, running_scripted


def failing(kind: str, turn: dict[str, Any] | None = None, **fields: Any) -> list[Any]:
    """A conversation whose first turn fails."""
    return messages(inline_task({**(turn or FINISH), "fault": {"kind": kind, **fields}}))


async def ask(scripted: RunningScripted, conversation: list[Any], **options: Any) -> Any:
    """One reply, or the chunks of one."""
    async with openai.AsyncOpenAI(base_url=scripted.endpoint, api_key="x", max_retries=0) as client:
        request = {"model": "inline", "messages": conversation, "tools": TOOLS} | options
        reply: Any = await client.chat.completions.create(**request)
        return [chunk async for chunk in reply] if options.get("stream") else reply


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("RateLimit", openai.RateLimitError),
        ("ServerError", openai.InternalServerError),
        ("Unauthorized", openai.AuthenticationError),
        ("ContextOverflow", openai.BadRequestError),
    ],
)
async def test_errors(kind: str, error: type[openai.APIStatusError], stream: bool) -> None:
    """As many times as asked for, then the turn; they are no violations."""
    async with running_scripted() as scripted:
        conversation = failing(kind, times=2, seconds=0.5)
        for _ in range(2):
            with pytest.raises(error) as caught:
                await ask(scripted, conversation, stream=stream)
        assert caught.value.code
        assert caught.value.response.headers.get("retry-after") == ("0.5" if kind == "RateLimit" else None)
        assert await ask(scripted, conversation, stream=stream)
        assert scripted.violations() == []


async def test_fault_for_ever_and_per_conversation() -> None:
    """Without `times` it does not end; another conversation has a count of its own."""
    async with running_scripted() as scripted:
        for _ in range(5):
            with pytest.raises(openai.InternalServerError):
                await ask(scripted, failing("ServerError"))
        for words in ("One.", "Two."):
            task = inline_task({**FINISH, "fault": {"kind": "ServerError", "times": 1}}, words=words)
            with pytest.raises(openai.InternalServerError):
                await ask(scripted, messages(task))
            await ask(scripted, messages(task))


async def test_fault_in_the_models_name() -> None:
    """For tests that cannot change the task."""
    async with running_scripted() as scripted:
        for _ in range(2):
            with pytest.raises(openai.RateLimitError):
                await ask(scripted, messages("x"), model="echo+RateLimit:2")
        assert (await ask(scripted, messages("x"), model="echo+RateLimit:2")).choices
        for name in ("echo+Nonsense", "echo+RateLimit:x", "../echo", "echo/../echo"):
            with pytest.raises(openai.NotFoundError):
                await ask(scripted, messages("x"), model=name)


async def test_stream_cut_ends_quietly_with_a_whole_looking_call() -> None:
    """The nasty one: nothing but the missing finish_reason tells."""
    async with running_scripted() as scripted:
        chunks = await ask(scripted, failing("StreamCut"), stream=True)
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)
    pieces = [call.function.arguments for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert json.loads("".join(pieces)) == FINISH["toolCalls"][0]["arguments"]


@pytest.mark.parametrize("turn", [FINISH, {"text": "Only text."}])
async def test_stream_cut_in_a_tool_call_breaks_the_connection(turn: dict[str, Any]) -> None:
    """A turn without calls gets one made up for it."""
    async with running_scripted() as scripted:
        with pytest.raises(openai.APIConnectionError):
            await ask(scripted, failing("StreamCutInToolCall", turn), stream=True)
        with pytest.raises(openai.APIConnectionError):
            await ask(scripted, failing("StreamCutInToolCall", turn))


@pytest.mark.parametrize("kind", ["MalformedToolCall", "UnknownTool"])
async def test_bad_call_is_followed_by_the_turn_itself(kind: str) -> None:
    """The agent answers the bad call; the history then holds it, well-formed, and the turn is still due."""
    conversation = failing(kind, times=1)
    async with running_scripted() as scripted:
        call = (await ask(scripted, conversation)).choices[0].message.tool_calls[0]
        if kind == "UnknownTool":
            assert call.function.name not in {tool["function"]["name"] for tool in TOOLS}
        else:
            with pytest.raises(ValueError, match=r".*"):
                json.loads(call.function.arguments)
        answered = [assistant((call.id, call.function.name, "{}")), result(call.id, "error: that is no call")]
        after = await ask(scripted, [*conversation, *answered])
        assert scripted.violations() == []
    assert after.choices[0].message.tool_calls[0].id == "call_0_0"


async def test_empty_reply_and_empty_object() -> None:
    """Both with HTTP 200."""
    async with running_scripted() as scripted:
        choice = (await ask(scripted, failing("EmptyReply"))).choices[0]
        assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == (None, None, "stop")
        assert (await ask(scripted, failing("EmptyObject"))).choices is None


async def test_slow_first_byte() -> None:
    """The right reply, late."""
    async with running_scripted() as scripted:
        began = time.monotonic()
        assert (await ask(scripted, failing("SlowFirstByte", seconds=0.3))).choices
        assert time.monotonic() - began >= 0.3, "asyncio.sleep never returns early"


def test_counts_are_bounded() -> None:
    """A server that runs for months does not grow."""
    counter, fault = FaultCounter(), Fault(kind=FaultKind.SERVER_ERROR, times=1)
    assert counter.take("first", 0, fault) == 1
    assert counter.take("first", 0, fault) == 0
    for number in range(MOST):
        counter.take(str(number), 0, fault)
    assert counter.take("first", 0, fault) == 1, "the oldest was forgotten"
