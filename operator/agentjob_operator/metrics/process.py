"""All metrics of one process, and how they are served."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.aiohttp import make_aiohttp_handler

from agentjob_operator.clock import Clock
from agentjob_operator.metrics.agentjobs import AgentJobMetrics
from agentjob_operator.metrics.queue import QueueMetrics
from agentjob_operator.metrics.recorder import Recorder
from agentjob_operator.metrics.requests import RequestMetrics
from agentjob_operator.metrics.scrape import ScrapeCollector


class Metrics:
    """All of one process. `clocks`: the API server's and the object store's."""

    def __init__(
        self, *, default_model: str, lease: str, leads: Callable[[], bool], clocks: tuple[Clock, Clock]
    ) -> None:
        # A second series for each, which says when it began: nobody here asks, and it doubles what is stored.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.recorder = Recorder()
        self.requests = RequestMetrics(self.recorder)
        self.queue = QueueMetrics(self.recorder)
        self.agentjobs = AgentJobMetrics(self.recorder, default_model)
        self.scrape = ScrapeCollector(self.queue, self.requests, lease, leads, clocks)
        self.recorder.registry.register(self.scrape)
        ProcessCollector(registry=self.recorder.registry)
        PlatformCollector(registry=self.recorder.registry)

    def route(self) -> web.RouteDef:
        """`GET /metrics`, in the format that the scraper asks for."""
        return web.get("/metrics", make_aiohttp_handler(self.recorder.registry))
