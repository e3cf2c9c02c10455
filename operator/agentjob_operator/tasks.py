"""What is done with asyncio's tasks at the process's start and end."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from agentjob_operator.kube.errors import KubeError

logger = structlog.get_logger(__name__)


def log_end(task: asyncio.Task[Any]) -> None:
    """Why a part that should go on for ever has ended."""
    error = None if task.cancelled() else task.exception()
    # What the API server says is a sentence for people; the way to it through the code would only hide it.
    logger.error(
        f"{task.get_name()} ended: {error or 'no error'}", exc_info=None if isinstance(error, KubeError) else error
    )


async def ended(task: asyncio.Task[None]) -> None:
    """However it ends; unlike `await task`, its error is not raised here."""
    await asyncio.wait({task})


async def first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Until one of them is over; the others are cancelled."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(tasks)


async def cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """All of them, and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
