"""The engine as it stands in the pod: behind the real model-proxy, before the real scripted model."""

from pathlib import Path
from typing import Any

import pytest
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict
from agentruns.engine import EngineRun, run_engine
from agentruns.turns import shell
from modelservers.conversation import FINISH, inline_task
from modelservers.running import job_config, running_proxy, running_scripted

KEY = "sk-a-key-that-must-not-be-seen"


async def run(root: Path, *turns: dict[str, Any], server_key: str | None = KEY, **limits: Any) -> EngineRun:
    """Agent, proxy, model."""
    async with running_scripted(key=server_key) as model:
        config = job_config(model.endpoint, "inline", **limits)
        async with running_proxy(config, root, key=KEY) as proxy:
            done = await run_engine(root / "agent", f"{proxy.url}/v1", inline_task(*turns))
        assert model.violations() == []
    return done


async def test_a_job_is_done_through_the_proxy(tmp_path: Path) -> None:
    """The agent knows no key; the proxy adds it."""
    done = await run(tmp_path, shell("echo x > x; env"), FINISH)
    assert done.outcome.verdict is Verdict.SUCCESS, done.outcome
    assert KEY not in done.files.paths.events.read_text() + done.files.paths.session.read_text()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"tokens": 15_000}, Reason.TOKEN_LIMIT), ({"cost": "0.015", "prices": ("1", "1")}, Reason.COST_LIMIT)],
)
async def test_a_budget_that_the_proxy_counts_ends_the_run(
    tmp_path: Path, limits: dict[str, Any], reason: Reason
) -> None:
    """The limit's own reason and the proxy's own words, after what was paid for was done."""
    turns = [{**shell(f"touch {n}"), "usage": {"input": 10_000, "output": 10}} for n in range(5)]
    done = await run(tmp_path, *turns, FINISH, **limits)
    assert (done.outcome.verdict, done.outcome.reason) == (Verdict.LIMIT, reason)
    assert done.outcome.message
    assert 1 <= len(list(done.files.paths.workspace.iterdir())) <= 2


async def test_a_wrong_key_is_the_proxys_to_keep(tmp_path: Path) -> None:
    """The reason says it, and the key is nowhere."""
    done = await run(tmp_path, FINISH, server_key="sk-another")
    assert done.outcome.reason is Reason.MODEL_UNAUTHORIZED
    assert KEY not in done.outcome.message


@pytest.mark.parametrize("kind", ["StreamCut", "StreamCutInToolCall", "RateLimit", "ServerError", "EmptyObject"])
async def test_a_failure_behind_the_proxy_is_still_a_passing_one(tmp_path: Path, kind: str) -> None:
    """The proxy hands cuts and errors on in a form that the engine understands."""
    turn = {**shell("echo once >> once"), "fault": {"kind": kind, "times": 2, "seconds": 0}}
    done = await run(tmp_path, turn, FINISH)
    assert done.outcome.verdict is Verdict.SUCCESS, done.outcome
    assert (done.files.paths.workspace / "once").read_text() == "once\n"
    assert len(done.events("retry")) == 2


@pytest.mark.parametrize("kind", ["MalformedToolCall", "UnknownTool", "SlowFirstByte"])
async def test_a_bad_or_late_reply_is_answered_and_not_asked_for_again(tmp_path: Path, kind: str) -> None:
    """The model is told what was wrong with its call, or waited for; the step is done once."""
    turn = {**shell("echo once >> once"), "fault": {"kind": kind, "times": 2, "seconds": 1}}
    done = await run(tmp_path, turn, FINISH)
    assert done.outcome.verdict is Verdict.SUCCESS, done.outcome
    assert (done.files.paths.workspace / "once").read_text() == "once\n"
    assert done.events("retry") == []


async def test_an_endpoint_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """The proxy answers for it; the engine gives up in order."""
    config = job_config("http://127.0.0.1:9/v1", "inline")
    async with running_proxy(config, tmp_path, key=KEY) as proxy:
        done = await run_engine(tmp_path / "agent", f"{proxy.url}/v1", "task")
    assert (done.outcome.verdict, done.outcome.reason) == (Verdict.CRASH, Reason.MODEL_UNAVAILABLE)
