"""The program: its options, and that it ends at once."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
from agentjob_api.pod import ExitCode
from aiohttp.test_utils import unused_port
from modelservers.conversation import TOOLS, inline_task, messages

ROOT = Path(__file__).parents[3]


async def start(*options: str, **env: str) -> asyncio.subprocess.Process:
    """`python -m agentjob_runtime scripted-model …`."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("crds", "agent_runtime"))
    program = [sys.executable, "-m", "agentjob_runtime", "scripted-model", "--host", "127.0.0.1", *options]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *program, env={**os.environ, "PYTHONPATH": path, **env}, stdout=pipe, stderr=pipe
    )


async def lines_of(process: asyncio.subprocess.Process) -> dict[str, object]:
    """Its next log line."""
    assert process.stderr
    parsed: dict[str, object] = json.loads(await process.stderr.readline())
    return parsed


async def test_sigterm_ends_it_with_a_stream_open() -> None:
    """A pod of tests goes away at once."""
    port = unused_port()
    process = await start("--port", str(port))
    assert (await lines_of(process))["message"] == "ready"
    task = inline_task({"text": "slow " * 100, "secondsPerChunk": 60})
    request = {"model": "inline", "messages": messages(task), "tools": TOOLS, "stream": True}
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(url, json=request) as answer:
        await answer.content.readany()
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == ExitCode.SUCCESS


async def test_required_key_and_log_line() -> None:
    """A wrong bearer or none is 401; the log line of a request names model, turn and status, and never the key."""
    port = unused_port()
    process = await start("--port", str(port), "--require-key-env", "MODEL_KEY", MODEL_KEY="sk-0123456789")
    await lines_of(process)
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    request = {"model": "echo", "messages": messages("Go."), "tools": TOOLS}
    statuses = []
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer sk-0123456789"}):
            async with session.post(url, json=request, headers=headers) as answer:
                statuses.append(answer.status)
    logged = [await lines_of(process) for _ in statuses]
    process.terminate()
    _, err = await process.communicate()
    assert statuses == [401, 401, 200]
    assert [line["status"] for line in logged] == statuses
    assert (logged[2]["model"], logged[2]["turn"], logged[2]["calls"]) == ("echo", 0, ["write_file"])
    assert "sk-0123456789" not in json.dumps(logged)
    assert b"sk-0123456789" not in err


async def test_empty_required_key_is_no_open_door() -> None:
    """A forgotten variable must not let everybody in."""
    process = await start("--require-key-env", "MODEL_KEY", MODEL_KEY="")
    _, err = await process.communicate()
    assert process.returncode == ExitCode.CONFIG
    assert b"MODEL_KEY" in err


async def test_folder_of_scripts(tmp_path: Path) -> None:
    """`--scripts` replaces the shipped ones; a file that changes is read again."""
    script, port = tmp_path / "mine.yaml", unused_port()
    script.write_text("turns: [{text: one}]\n")
    process = await start("--port", str(port), "--scripts", str(tmp_path))
    await lines_of(process)
    request, texts = {"model": "mine", "messages": messages("Go."), "tools": TOOLS}, []
    async with aiohttp.ClientSession() as session:
        for text in ("one", "two"):
            script.write_text(f"turns: [{{text: {text}}}]\n")
            async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=request) as answer:
                texts.append((await answer.json())["choices"][0]["message"]["content"])
    process.terminate()
    await process.communicate()
    assert texts == ["one", "two"]
