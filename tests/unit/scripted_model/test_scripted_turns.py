"""Which turn is served, and how it comes over the wire."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from agentjob_runtime.scripted_model.history import next_turn
from agentjob_runtime.scripted_model.reply import prompt_tokens
from modelservers.conversation import FINISH, TOOLS, assistant, inline_task, messages, result
from modelservers.running import RunningScripted, running_scripted

WRITE = {"name": "write_file", "arguments": {"path": "ä.txt", "content": "x" * 500}}
SHELL = {"name": "run_shell", "arguments": {"command": "ls"}}


async def ask(scripted: RunningScripted, conversation: list[Any], model: str = "inline", **options: Any) -> Any:
    """One whole reply."""
    async with openai.AsyncOpenAI(base_url=scripted.endpoint, api_key="x", max_retries=0) as client:
        request = {"model": model, "messages": conversation, "tools": TOOLS} | options
        return await client.chat.completions.create(**request)


async def test_stream_and_whole_reply_say_the_same() -> None:
    """Text, several calls with their arguments in pieces, finish_reason and usage."""
    task = inline_task({"text": "Two calls, schön.", "toolCalls": [WRITE, SHELL]})
    async with running_scripted() as scripted:
        whole = await ask(scripted, messages(task))
        async with openai.AsyncOpenAI(base_url=scripted.endpoint, api_key="x") as client:
            request: dict[str, Any] = {"model": "inline", "messages": messages(task), "tools": TOOLS}
            async with client.chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
                streamed = await stream.get_final_completion()
        assert scripted.violations() == []
    calls = [call.to_dict() for call in whole.choices[0].message.tool_calls]
    assert [call["id"] for call in calls] == ["call_0_0", "call_0_1"]
    assert json.loads(calls[0]["function"]["arguments"]) == WRITE["arguments"]
    found = [(call.id, call.function.arguments) for call in streamed.choices[0].message.tool_calls or []]
    assert found == [(call["id"], call["function"]["arguments"]) for call in calls]
    assert streamed.choices[0].message.content == whole.choices[0].message.content == "Two calls, schön."
    assert streamed.choices[0].finish_reason == whole.choices[0].finish_reason == "tool_calls"
    assert streamed.usage == whole.usage


async def test_arguments_come_in_several_chunks() -> None:
    """A client that takes the first chunk for the whole call must fail here."""
    task = inline_task({"toolCalls": [SHELL]})
    async with running_scripted() as scripted:
        client = openai.AsyncOpenAI(base_url=scripted.endpoint, api_key="x")
        async with client:
            stream = await client.chat.completions.create(
                model="inline", messages=messages(task), tools=TOOLS, stream=True
            )
            deltas = [chunk.choices[0].delta.tool_calls async for chunk in stream]
    functions = [call.function for calls in deltas for call in calls or []]
    pieces = [function.arguments or "" for function in functions if function]
    assert len(pieces) > 3
    assert json.loads("".join(pieces)) == SHELL["arguments"]


async def test_usage_is_exact_and_can_be_said() -> None:
    """Tests of limits count tokens beforehand."""
    said = inline_task({"text": "x" * 39, "usage": {"input": 7, "output": 8}})
    counted = inline_task({"text": "x" * 39})
    async with running_scripted() as scripted:
        usage = (await ask(scripted, messages(said))).usage
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (7, 8, 15)
        usage = (await ask(scripted, messages(counted))).usage
        assert usage.prompt_tokens == prompt_tokens({"messages": messages(counted), "tools": TOOLS})
        assert usage.completion_tokens == 10
        assert (await ask(scripted, messages(inline_task({"text": "x", "omitUsage": True})))).usage is None


async def test_maximum_cuts_the_reply() -> None:
    """As models do, in the middle of a tool call's arguments; unless the turn plays a server that ignores it."""
    task = inline_task({"text": "word", "toolCalls": [WRITE]})
    stubborn = inline_task({"text": "x" * 400, "ignoreMaxTokens": True})
    async with running_scripted() as scripted:
        choice = (await ask(scripted, messages(task), max_completion_tokens=20)).choices[0]
        assert choice.finish_reason == "length"
        cut = choice.message.tool_calls[0].function.arguments
        assert cut.startswith('{"path":"ä.txt","content":"xxx')
        assert len("word" + "write_file" + cut) == 4 * 20
        choice = (await ask(scripted, messages(stubborn), max_tokens=1)).choices[0]
        assert (choice.finish_reason, len(choice.message.content)) == ("stop", 400)


ONE, TWO = ("call_0_0", "run_shell", "{}"), ("call_1_0", "run_shell", "{}")
FAULTY = ("call_2_0_fault1", "run_shell", "{}")
USER: dict[str, Any] = {"role": "user", "content": "Go on."}


@pytest.mark.parametrize(
    ("rest", "turn"),
    [
        ([], 0),
        ([assistant(ONE), result("call_0_0", "")], 1),
        ([assistant(ONE), result("call_0_0", ""), assistant(TWO), result("call_1_0", "")], 2),
        ([assistant(TWO), result("call_1_0", "")], 2),
        ([assistant(TWO), result("call_1_0", ""), assistant(content="Hm."), USER], 3),
        ([assistant(content="Hm."), USER, assistant(content="Hm."), USER], 2),
        ([assistant(content=""), USER], 0),
        ([assistant(TWO), result("call_1_0", ""), assistant(FAULTY), result("call_2_0_fault1", "no")], 2),
        ([{"role": "user", "content": "Summary: … [scripted turn 4]"}], 5),
        ([assistant(content="[scripted turn 4]"), USER], 5),
        ([assistant(ONE), result("call_0_0", "[scripted turn 9] call_9_0")], 1),
    ],
)
def test_due_turn_is_read_from_the_conversation(rest: list[dict[str, Any]], turn: int) -> None:
    """Compaction may have dropped the beginning; faults and empty replies are no turns; a tool's output tells nothing."""
    assert next_turn(messages("task", *rest)) == turn


async def test_request_without_tools_gets_a_summary_that_keeps_the_place() -> None:
    """A loop that asks the model to sum up goes on at the right turn, even if nothing but the summary is left."""
    task = inline_task({"toolCalls": [SHELL]}, {"toolCalls": [SHELL]}, FINISH)
    seen = messages(task, assistant(ONE), result("call_0_0", "ok"), {"role": "user", "content": "Sum up."})
    async with running_scripted() as scripted:
        summary = (await ask(scripted, seen, tools=openai.omit)).choices[0].message.content
        after = await ask(scripted, messages(task, {"role": "user", "content": summary}))
    assert after.choices[0].message.tool_calls[0].id == "call_1_0"


async def test_repeated_turn() -> None:
    """For tests of step limits and of loops that go round in circles."""
    task = inline_task({"toolCalls": [SHELL], "repeat": 50}, FINISH)
    last = ("call_49_0", "run_shell", "{}")
    async with running_scripted() as scripted:
        reply = await ask(scripted, messages(task, assistant(last), result("call_49_0", "")))
    assert reply.choices[0].message.tool_calls[0].function.name == "finish"


@pytest.mark.parametrize(
    ("expectation", "output", "met"),
    [
        ({"contains": "2 passed"}, "x 2 passed y", True),
        ({"contains": "2 passed"}, "1 failed", False),
        ({"matches": "^ok$"}, "a\nok\nb", True),
        ({"matches": "^ok$"}, "not ok", False),
        ({"exitCode": 0}, "out\n[exit code: 0]", True),
        ({"exitCode": 0}, "out\n[exit code: 1]", False),
        ({"exitCode": 1}, "out\n[exit code: 12]", False),
        ({"call": 1, "contains": "x"}, "x", False),
    ],
)
async def test_expectation(expectation: dict[str, Any], output: str, met: bool) -> None:
    """A failed one ends the job: the script would make no sense any more."""
    task = inline_task({"toolCalls": [SHELL]}, {**FINISH, "expect": [expectation]})
    async with running_scripted() as scripted:
        conversation = messages(task, assistant(ONE), result("call_0_0", output))
        if met:
            await ask(scripted, conversation)
        else:
            with pytest.raises(openai.BadRequestError, match="the script expects"):
                await ask(scripted, conversation)
        assert bool(scripted.violations()) is not met


@pytest.mark.parametrize(("sent", "met"), [(1, True), (0, False), (2, False)])
async def test_expected_pictures(sent: int, met: bool) -> None:
    """Images that came after the turn count, those of earlier turns do not."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAA="}}
    seen = {"role": "user", "content": [{"type": "text", "text": "the picture"}, picture]}
    task = inline_task({"toolCalls": [SHELL]}, {"toolCalls": [SHELL]}, {**FINISH, "expect": [{"pictures": 1}]})
    calls = [(assistant((f"call_{n}_0", "run_shell", "{}")), result(f"call_{n}_0", "x")) for n in range(2)]
    conversation = messages(task, *calls[0], seen, *calls[1], *[seen] * sent)
    async with running_scripted() as scripted:
        if met:
            await ask(scripted, conversation)
        else:
            with pytest.raises(openai.BadRequestError, match="the script expects 1 pictures"):
                await ask(scripted, conversation)


async def test_fences_inside_a_script() -> None:
    """A longer fence around it; text before and after, and Windows line ends."""
    script = "turns:\n  - text: |\n      ```js\n      x\n      ```\n"
    task = f"Before.\n````script\n{script}````\nAfter ```script\nnot this\n```\n".replace("\n", "\r\n")
    async with running_scripted() as scripted:
        reply = await ask(scripted, messages(task))
    assert "```js" in reply.choices[0].message.content


async def test_parameters_come_from_the_task(tmp_path: Path) -> None:
    """Whole values keep their type; a missing one is named."""
    script = "params: {n: null, word: hi}\nturns:\n  - text: <<word>> <<n>>\n    usage: {input: <<n>>, output: 1}\n"
    (tmp_path / "parametrised.yaml").write_text(script)
    async with running_scripted(tmp_path) as scripted:
        reply = await ask(scripted, messages("```script\nparams: {n: 5}\n```"), model="parametrised")
        assert (reply.choices[0].message.content, reply.usage.prompt_tokens) == ("hi 5", 5)
        with pytest.raises(openai.BadRequestError, match="must give params: n"):
            await ask(scripted, messages("Do it."), model="parametrised")


async def test_models_are_listed() -> None:
    """By name, as `model.name` takes them."""
    async with running_scripted() as scripted, openai.AsyncOpenAI(base_url=scripted.endpoint, api_key="x") as client:
        names = [model.id async for model in await client.models.list()]
    assert {"inline", "todo-app", "repo-edit", "echo", "fail", "sleep"} <= set(names)
