"""The server refuses what a strict provider would, says why, and remembers it."""

from typing import Any

import aiohttp
import pytest
from modelservers.conversation import TOOLS, assistant, inline_task, messages, result
from modelservers.running import running_scripted

LIST = {"toolCalls": [{"name": "list_files", "arguments": {}}, {"name": "list_files", "arguments": {"path": "b"}}]}
TASK = inline_task(LIST, {"text": "Fine."})
A, B = ("call_0_0", "list_files", "{}"), ("call_0_1", "list_files", "{}")
GOOD = messages(TASK, assistant(A, B), result("call_0_0", "a"), result("call_0_1", "b"))


async def post(body: Any) -> tuple[int, dict[str, Any], list[str]]:
    """Status, body and what the server remembers."""
    async with (
        running_scripted() as scripted,
        aiohttp.ClientSession() as session,
        session.post(f"{scripted.endpoint}/chat/completions", json=body) as answer,
    ):
        return answer.status, await answer.json(), scripted.violations()


def request(conversation: list[Any], **fields: Any) -> dict[str, Any]:
    """A request to `inline`."""
    return {"model": "inline", "messages": conversation, "tools": TOOLS} | fields


async def test_well_formed_conversation_goes_on() -> None:
    """The table below only means something if this is taken."""
    status, body, violations = await post(request(GOOD))
    assert (status, violations) == (200, [])
    assert body["choices"][0]["message"]["content"] == "Fine."


BAD = {
    "not an object": ([], "not a JSON object"),
    "no messages": (request([]), "messages must be a list"),
    "no model": (request(GOOD, model=None), "model must be a string"),
    "stream options without stream": (request(GOOD, stream_options={"include_usage": True}), "stream_options"),
    "zero maximum": (request(GOOD, max_tokens=0), "max_tokens must be a positive integer"),
    "no system message": (request(GOOD[1:]), "first message must be the system message"),
    "second system message": (request([*GOOD, GOOD[0]]), "system message that is not the first"),
    "unknown role": (request([*GOOD, {"role": "robot", "content": "x"}]), "no known role"),
    "no content": (request([*GOOD, {"role": "user"}]), "must have content"),
    "assistant without anything": (request([*GOOD, {"role": "assistant", "content": None}]), "neither content nor"),
    "empty tool_calls": (
        request([*GOOD, {"role": "assistant", "content": "", "tool_calls": []}]),
        "tool_calls must be",
    ),
    "nothing to reply to": (request([*GOOD, assistant(content="Hm.")]), "nothing to reply to"),
    "call not answered": (request(GOOD[:4]), "call_0_1 was not answered"),
    "call answered too late": (request([*GOOD[:4], {"role": "user", "content": "x"}, GOOD[4]]), "was answered"),
    "answers in another order": (request([*GOOD[:3], GOOD[4], GOOD[3]]), "where call_0_0 is due"),
    "answered twice": (request([*GOOD, GOOD[4]]), "or was answered"),
    "answer without a call": (request([*GOOD[:2], result("call_0_0", "a")]), "not a call of the assistant message"),
    "id of another model": (request(messages(TASK, assistant(("x", "list_files", "{}")))), "never given by this model"),
    "call that was never made": (
        request(messages(TASK, assistant(("call_0_5", "list_files", "{}")), result("call_0_5", "a"))),
        "never made by this script",
    ),
    "id used twice": (request([*GOOD, assistant(A), result("call_0_0", "a")]), "used twice"),
    "broken arguments": (request(messages(TASK, assistant(("call_0_0", "list_files", '{"a')))), "not a JSON object"),
    "arguments that are no object": (request(messages(TASK, assistant(("call_0_0", "x", "1")))), "not a JSON object"),
    "tool declared twice": (request(GOOD, tools=[TOOLS[0], TOOLS[0]]), "declared twice"),
    "tool with a bad name": (
        request(GOOD, tools=[{"type": "function", "function": {"name": "a b"}}]),
        "name of a tool",
    ),
    "tool not declared": (request(messages(TASK), tools=TOOLS[:1]), "does not declare"),
    "script exhausted": (request([*GOOD, assistant(content="Fine."), GOOD[1]]), "all were taken"),
    "no script in the task": (request(messages("Do it.")), "no fenced block"),
    "script that is none": (request(messages("```script\nturns: 1\n```\n")), "not a script"),
    "script that is no YAML": (request(messages("```script\n: [\n```\n")), "not YAML"),
}


@pytest.mark.parametrize("name", BAD)
async def test_violation_is_refused_and_remembered(name: str) -> None:
    """HTTP 400 with the sentence; tests of the agent assert that there was none."""
    body, sentence = BAD[name]
    status, answer, violations = await post(body)
    assert status == 400
    assert sentence in answer["error"]["message"]
    assert violations == [answer["error"]["message"]]


async def test_unknown_model_is_404_as_at_openai() -> None:
    """The message says which there are."""
    status, answer, violations = await post(request(GOOD, model="gpt"))
    assert (status, answer["error"]["code"]) == (404, "model_not_found")
    assert "todo-app" in answer["error"]["message"]
    assert violations


async def test_body_that_is_no_json() -> None:
    """Refused like the rest."""
    async with running_scripted() as scripted, aiohttp.ClientSession() as session:
        async with session.post(f"{scripted.endpoint}/chat/completions", data=b"{") as answer:
            assert answer.status == 400
        async with session.get(scripted.endpoint.replace("/v1", "/violations")) as answer:
            found = (await answer.json())["violations"]
    assert [entry["violation"] for entry in found] == ["the body is not a JSON object"]
