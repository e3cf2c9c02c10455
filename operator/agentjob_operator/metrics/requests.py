"""Requests to the API server, of all three clients: the operator's own, kopf's and that of the leader election."""

import time
from collections import Counter
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

from agentjob_operator.metrics import definitions as d
from agentjob_operator.metrics.recorder import Recorder

NO_ANSWER: Final = "<error>"
"""client-go's `code` of a request that got no answer."""


class RequestMetrics:
    """`seen` after each request."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watched: set[str] = set()

    def seen(self, method: str, path: str, code: int, seconds: float, *, watch: bool = False) -> None:
        """`path` without a query; `code` is 0 without an answer. A `watch` is seen when it begins."""
        resource, single = resource_of(path)
        verb = "WATCH" if watch else "LIST" if method == "GET" and not single else method
        self._recorder.count(d.REQUESTS, str(code) if code else NO_ANSWER, method, verb, resource)
        self._recorder.observe(d.REQUEST_DURATION, seconds, verb)
        if watch:
            if path in self._watched:
                self._recorder.count(d.WATCH_RESTARTS, resource)
            self._watched.add(path)

    def watches(self) -> Counter[str]:
        """By resource: how many collections were watched so far."""
        return Counter(resource_of(path)[0] for path in self._watched)

    def trace(self) -> aiohttp.TraceConfig:
        """For sessions that others use; each needs one of its own."""
        trace = aiohttp.TraceConfig()

        async def start(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
            context.started = time.perf_counter()

        async def end(_: aiohttp.ClientSession, context: SimpleNamespace, what: Any) -> None:
            self._traced(context, what, what.response.status)

        async def failed(_: aiohttp.ClientSession, context: SimpleNamespace, what: Any) -> None:
            self._traced(context, what, 0)

        trace.on_request_start.append(start)
        trace.on_request_end.append(end)
        trace.on_request_exception.append(failed)
        return trace

    def _traced(self, context: SimpleNamespace, what: Any, code: int) -> None:
        watch = what.url.query.get("watch") == "true"
        self.seen(what.method, what.url.path, code, time.perf_counter() - context.started, watch=watch)


def resource_of(path: str) -> tuple[str, bool]:
    """Plural (with the subresource) of an API path, and whether it names one object; `other` for what is no resource."""
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:] if parts[0] == "apis" else []
    if len(rest) > 2 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return "other", True
    return (f"{rest[0]}/{rest[2]}" if len(rest) > 2 else rest[0]), len(rest) > 1
