"""Gauges that are read at each scrape: from the cache, the queue and the state of this process. No request, no state of their own."""

from collections import Counter
from collections.abc import Callable, Iterable

from agentjob_api.status import Phase
from prometheus_client import Metric as Family
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agentjob_operator.cache import Cache
from agentjob_operator.clock import Clock
from agentjob_operator.metrics import definitions as d
from agentjob_operator.metrics.queue import NAME, QueueMetrics
from agentjob_operator.metrics.requests import RequestMetrics
from agentjob_operator.objects import moment


class ScrapeCollector(Collector):
    """`cache` is set once this process leads."""

    def __init__(
        self,
        queue: QueueMetrics,
        requests: RequestMetrics,
        lease: str,
        leads: Callable[[], bool],
        clocks: tuple[Clock, Clock],
    ) -> None:
        self.cache = Cache()
        self._queue, self._requests = queue, requests
        self._lease, self._leads, self._clocks = lease, leads, clocks

    def describe(self) -> Iterable[Family]:
        """Names only: registering reads nothing."""
        return [GaugeMetricFamily(metric.name, metric.help) for metric in d.ALL if metric.kind is d.Kind.GAUGE]

    def collect(self) -> Iterable[Family]:
        """In the event loop: the cache is not to change meanwhile."""
        ages = self._queue.ages()
        yield _gauge(d.LEADER, {(self._lease,): float(self._leads())})
        yield _gauge(d.QUEUE_DEPTH, {(NAME,): self._queue.depth})
        yield _gauge(d.QUEUE_UNFINISHED, {(NAME,): sum(ages)})
        yield _gauge(d.QUEUE_LONGEST, {(NAME,): max(ages, default=0.0)})
        yield _gauge(d.CLOCK_SKEW, {(clock.peer,): clock.skew().total_seconds() for clock in self._clocks})
        yield _gauge(d.WATCHES, {(resource,): number for resource, number in self._requests.watches().items()})
        yield from self._agentjobs()

    def _agentjobs(self) -> Iterable[Family]:
        phases: Counter[tuple[str, ...]] = Counter()
        reasons: Counter[tuple[str, ...]] = Counter()
        oldest = ""
        for key in self.cache:
            if (agentjob := self.cache.agentjob(key)) is None:
                continue
            phase = agentjob.status.get("phase") or Phase.PENDING
            phases[agentjob.namespace, str(phase)] += 1
            if phase == Phase.PENDING:
                reasons[(agentjob.status.get("reason") or "New",)] += 1
                oldest = min(oldest or agentjob.created, agentjob.created)
        yield _gauge(d.JOBS, phases)
        yield _gauge(d.PENDING, reasons)
        age = (self._clocks[0].now() - moment(oldest)).total_seconds() if oldest else 0.0
        yield _gauge(d.OLDEST_PENDING, {(): max(0.0, age)})


def _gauge(metric: d.Metric, values: dict[tuple[str, ...], float] | Counter[tuple[str, ...]]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
