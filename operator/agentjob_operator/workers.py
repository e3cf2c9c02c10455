"""Takes keys from the work queue and reconciles them, some at a time. What an error means is decided here, by its class."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import structlog

from agentjob_operator.kube.errors import KubeError, TooManyRequests
from agentjob_operator.objects import Key
from agentjob_operator.reconcile import Stalled, Waiting
from agentjob_operator.storage import StoreError
from agentjob_operator.workqueue import QueueShutDown, WorkQueue

Reconcile = Callable[[Key], Awaitable[float | None]]

logger = structlog.get_logger(__name__)


async def work(queue: WorkQueue[Key], reconcile: Reconcile) -> None:
    """Until the queue is shut down."""
    while True:
        try:
            key = await queue.get()
        except QueueShutDown:
            return
        try:
            await _process(queue, reconcile, key)
        finally:
            queue.done(key)


async def _process(queue: WorkQueue[Key], reconcile: Reconcile, key: Key) -> None:
    # In a task of its own, so that an error of any kind is one AgentJob's, and no broad `except` is needed to have it so.
    task = asyncio.ensure_future(_reconcile(reconcile, key))
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    if task.cancelled():
        queue.add(key)
        return
    error = task.exception()
    if error is None:
        queue.forget(key)
        if (seconds := task.result()) is not None:
            queue.add_after(key, seconds)
        return
    _handle(queue, key, error)


async def _reconcile(reconcile: Reconcile, key: Key) -> float | None:
    structlog.contextvars.bind_contextvars(namespace=key.namespace, name=key.name)
    return await reconcile(key)


def _handle(queue: WorkQueue[Key], key: Key, error: BaseException) -> None:
    log = logger.bind(namespace=key.namespace, name=key.name)
    if isinstance(error, Stalled):
        queue.forget(key)
        log.error(f"stalled: {error}")
    elif isinstance(error, Waiting):
        queue.add_after(key, error.seconds)
        log.info(f"waiting: {error}", seconds=error.seconds)
    elif isinstance(error, TooManyRequests) and error.retry_after is not None:
        queue.add_after(key, error.retry_after)
        log.warning(f"the API server wants a pause: {error}", seconds=error.retry_after)
    elif isinstance(error, KubeError | StoreError):
        delay = queue.retry(key)
        notes = "; ".join(getattr(error, "__notes__", ()))
        log.warning(
            f"{type(error).__name__}: {error}", request=notes, seconds=round(delay, 2), tries=queue.failures(key)
        )
    else:
        delay = queue.retry(key)
        text = "".join(traceback.format_exception(error))
        log.error("a bug: please report it", exception=text, seconds=round(delay, 2), tries=queue.failures(key))
