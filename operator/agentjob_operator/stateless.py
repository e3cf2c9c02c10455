"""kopf's storages and settings for an operator that keeps no state on its objects.

kopf builds a diff of every object on every event, even with `on.event` only; its own storages deep-copy each object for that, which
is 42 to 45 % of the CPU of such an operator. Storages are a public extension point: these copy nothing and write nothing.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import kopf

FINALIZER: Final = "agentjob.io/unused"
BACKOFFS: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Backoffs:
    """Pauses in seconds after errors in a row, without an end: a stream of events has none either, and kopf would end the process.

    kopf logs each of them; a `Retry-After` of a 429 that is longer wins."""

    def __iter__(self) -> Iterator[float]:
        yield from BACKOFFS
        yield from itertools.repeat(BACKOFFS[-1])


class NoDiffBase(kopf.DiffBaseStorage):
    """Nothing was ever handled, nothing differs."""

    def build(self, *, body: Any, extra_fields: Any = None) -> Any:
        return {}

    def fetch(self, *, body: Any) -> Any:
        return None

    def store(self, *, body: Any, patch: Any, essence: Any) -> None:
        """Nothing is kept."""


class NoProgress(kopf.ProgressStorage):
    """No handler is ever half done."""

    def fetch(self, *, key: Any, body: Any) -> Any:
        return None

    def store(self, *, key: Any, record: Any, body: Any, patch: Any) -> None:
        """Nothing is kept."""

    def purge(self, *, key: Any, body: Any, patch: Any) -> None:
        """Nothing was kept."""

    def touch(self, *, body: Any, patch: Any, value: Any) -> None:
        """Nothing is touched."""

    def clear(self, *, essence: Any) -> Any:
        return essence


def kopf_settings(*, page_size: int, request_timeout: float, quiet_seconds: float) -> kopf.OperatorSettings:
    """Without annotations, finalizers, Events, peering or scanning; with watches that notice dead connections."""
    settings = kopf.OperatorSettings()
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.finalizer = FINALIZER
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.networking.request_timeout = request_timeout
    settings.networking.connect_timeout = min(request_timeout, 10)
    settings.networking.error_backoffs = Backoffs()
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 310
    settings.watching.inactivity_timeout = quiet_seconds
    settings.watching.chunk_size = page_size
    settings.queueing.idle_timeout = 0.5
    settings.queueing.exit_timeout = 0.5
    settings.process.ultimate_exiting_timeout = None
    return settings
