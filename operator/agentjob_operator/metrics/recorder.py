"""Counters and histograms in memory. About two microseconds each time; nothing is sent anywhere, a scrape reads them."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from agentjob_operator.metrics.definitions import ALL, Kind, Metric

MAX_FREE_VALUES: Final = 100
OTHER: Final = "other"
"""Stands for every further value of a label that tenants choose freely."""


class Recorder:
    """One registry with every counter and histogram of `definitions`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {m: Counter(m.name, m.help, m.labels, registry=self.registry) for m in _of(Kind.COUNTER)}
        self._histograms = {
            m: Histogram(m.name, m.help, m.labels, registry=self.registry, buckets=m.buckets)
            for m in _of(Kind.HISTOGRAM)
        }
        for metric, series in (*self._counters.items(), *self._histograms.items()):
            for value in metric.values:
                series.labels(str(value))
        self._free: set[str] = set()

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """`labels` in the order of the definition."""
        counter = self._counters[metric]
        (counter.labels(*labels) if labels else counter).inc(by)

    def begin(self, metric: Metric, *labels: str) -> None:
        """The counter's series from 0, unless it is there: `increase()` does not see the first count of one that comes with it."""
        self._counters[metric].labels(*labels)

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """As `count`."""
        histogram = self._histograms[metric]
        (histogram.labels(*labels) if labels else histogram).observe(max(0.0, seconds))

    def bounded(self, value: str) -> str:
        """`value`, or `other` once a hundred different ones were seen: series that anybody could make without end."""
        value = value[:128]
        if value not in self._free:
            if len(self._free) >= MAX_FREE_VALUES:
                return OTHER
            self._free.add(value)
        return value


def _of(kind: Kind) -> list[Metric]:
    return [metric for metric in ALL if metric.kind is kind]
