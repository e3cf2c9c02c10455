"""The work queue on a real event loop: what is deduplicated, serialised, delayed, backed off, shut down."""

import asyncio
import random

import pytest
from agentjob_operator.metrics.queue import QueueMetrics
from agentjob_operator.metrics.recorder import Recorder
from agentjob_operator.workqueue import QueueShutDown, WorkQueue


def _queue(base: float = 0.01, maximum: float = 0.05) -> WorkQueue[str]:
    return WorkQueue(base=base, maximum=maximum, metrics=QueueMetrics(Recorder()), random_source=random.Random(1))


async def _empty(queue: WorkQueue[str]) -> bool:
    """Nothing is handed out although the loop turns."""
    task = asyncio.ensure_future(queue.get())
    for _ in range(5):
        await asyncio.sleep(0)
    if task.done():
        return False
    task.cancel()
    await asyncio.wait({task})
    return True


async def test_a_key_that_is_added_twice_is_handed_out_once() -> None:
    """A burst of events about one object is one reconcile."""
    queue = _queue()
    for _ in range(3):
        queue.add("a")
    queue.add("b")
    assert [await queue.get(), await queue.get()] == ["a", "b"]
    assert await _empty(queue)


async def test_a_key_is_never_processed_by_two_workers() -> None:
    """What is added meanwhile comes after `done`, once."""
    queue = _queue()
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    queue.add("a")
    assert await _empty(queue), "it is still being processed"
    queue.done(key)
    assert await queue.get() == "a"
    queue.done("a")
    assert await _empty(queue)


async def test_a_cancelled_worker_loses_no_key() -> None:
    """A worker that is cancelled while it waits does not take the next key with it."""
    queue = _queue()
    waiting = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    waiting.cancel()
    queue.add("a")
    await asyncio.wait({waiting})
    assert await asyncio.wait_for(queue.get(), 5) == "a"


async def test_of_two_delays_the_earlier_wins() -> None:
    """Reconcile asks for the next delay itself, so the later one is not needed."""
    queue = _queue()
    queue.add_after("a", 3600)
    queue.add_after("a", 0.01)
    queue.add_after("a", 1800)
    assert await asyncio.wait_for(queue.get(), 5) == "a"
    queue.done("a")
    assert await _empty(queue)


async def test_adding_ends_a_delay() -> None:
    """The key is not handed out again when the delay is over."""
    queue = _queue()
    queue.add_after("a", 0.02)
    queue.add("a")
    queue.done(await queue.get())
    await asyncio.sleep(0.05)
    assert await _empty(queue)


async def test_delays_come_in_their_order() -> None:
    """Whatever order they were asked for in."""
    queue = _queue()
    for key, seconds in (("c", 0.06), ("a", 0.01), ("b", 0.03)):
        queue.add_after(key, seconds)
    assert [await asyncio.wait_for(queue.get(), 5) for _ in range(3)] == ["a", "b", "c"]


async def test_backoff_doubles_up_to_its_maximum_with_jitter_and_ends_with_success() -> None:
    """Between half and the whole of 10, 20, 40, 50, 50 ms."""
    queue = _queue(base=0.01, maximum=0.05)
    delays = [queue.retry("a") for _ in range(5)]
    for delay, full in zip(delays, (0.01, 0.02, 0.04, 0.05, 0.05), strict=True):
        assert full / 2 <= delay <= full
    assert len(set(delays)) == 5, "there is jitter"
    assert queue.failures("a") == 5
    queue.forget("a")
    assert queue.failures("a") == 0
    assert queue.retry("a") <= 0.01


async def test_backoff_of_a_thousand_failures_is_the_maximum() -> None:
    """2 to the power of the failures does not overflow."""
    queue = _queue(base=0.2, maximum=60)
    delays = [queue.retry("a") for _ in range(1000)]
    assert 30 <= delays[-1] <= 60


async def test_shutting_down_wakes_every_worker_and_hands_out_nothing() -> None:
    """Ready and delayed keys are dropped: the next process finds them again."""
    queue = _queue()
    workers = [asyncio.ensure_future(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.shut_down()
    done = await asyncio.wait_for(asyncio.gather(*workers, return_exceptions=True), 5)
    assert [type(error) for error in done] == [QueueShutDown] * 3
    queue.add("a")
    queue.add_after("b", 0.001)
    await asyncio.sleep(0.01)
    with pytest.raises(QueueShutDown):
        await queue.get()


async def test_drained_waits_for_what_is_being_processed() -> None:
    """So that a shutdown does not cut a reconcile in two."""
    queue = _queue()
    queue.add("a")
    key = await queue.get()
    queue.shut_down()
    drained = asyncio.ensure_future(queue.drained())
    await asyncio.sleep(0.01)
    assert not drained.done()
    queue.done(key)
    await asyncio.wait_for(drained, 5)


async def test_a_queue_that_nobody_serves_is_noticed() -> None:
    """`/healthz` reads it."""
    queue = _queue()
    assert queue.stuck_seconds() == 0
    queue.add("a")
    await asyncio.sleep(0.02)
    assert queue.stuck_seconds() > 0.01
    await queue.get()
    assert queue.stuck_seconds() == 0
