"""How long reconciles take, by what came of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from agentjob_operator.kube.errors import KubeError, TooManyRequests
from agentjob_operator.metrics import definitions as d
from agentjob_operator.metrics.recorder import Recorder
from agentjob_operator.objects import Key
from agentjob_operator.reconcile.errors import Stalled, Waiting
from agentjob_operator.storage import StoreError

Reconcile = Callable[[Key], Awaitable[float | None]]
RESULTS: dict[type[BaseException], str] = {
    Stalled: "stalled",
    Waiting: "waiting",
    TooManyRequests: "throttled",
    KubeError: "error",
    StoreError: "error",
    asyncio.CancelledError: "cancelled",
}
"""By class, the first that fits; anything else is a bug."""


def measured(reconcile: Reconcile, recorder: Recorder) -> Reconcile:
    """`reconcile`, observed; what it raises goes on."""

    async def observed(key: Key) -> float | None:
        started, result = time.perf_counter(), "bug"
        try:
            seconds = await reconcile(key)
            result = "success" if seconds is None else "requeue"
            return seconds
        except tuple(RESULTS) as error:
            result = next(name for kind, name in RESULTS.items() if isinstance(error, kind))
            raise
        finally:
            recorder.observe(d.RECONCILE, time.perf_counter() - started, result)

    return observed
