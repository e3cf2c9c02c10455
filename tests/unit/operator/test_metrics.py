"""Definitions, bounds on labels, and what paths of the API mean."""

import re
from typing import Any

import pytest
from agentjob_api.status import Usage
from agentjob_operator.clock import Clock
from agentjob_operator.metrics.agentjobs import overrun
from agentjob_operator.metrics.definitions import ALL, Kind, Metric
from agentjob_operator.metrics.process import Metrics
from agentjob_operator.metrics.recorder import MAX_FREE_VALUES, OTHER, Recorder
from agentjob_operator.metrics.requests import resource_of
from prometheus_client import generate_latest


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric: Metric) -> None:
    """Base units, `_total` on counters alone, and never the name of an AgentJob as a label."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", metric.name)
    assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
    assert metric.kind is not Kind.HISTOGRAM or metric.name.endswith("_seconds")
    assert not {"uid", "pod", "job", "agentjob"} & set(metric.labels)
    assert "name" not in metric.labels or metric.labels == ("name",), "of the Lease or the queue"
    assert metric.help.endswith(".")


def test_a_follower_says_so_and_serves_every_gauge_of_its_own() -> None:
    """A replica that stands by is scraped, too: leader 0, an empty queue."""
    metrics = Metrics(default_model="m", lease="lease", leads=lambda: False, clocks=(Clock("a"), Clock("b")))
    text = generate_latest(metrics.recorder.registry).decode()
    assert 'leader_election_master_status{name="lease"} 0.0' in text
    assert 'workqueue_depth{name="agentjobs"} 0.0' in text
    assert 'workqueue_retries_total{name="agentjobs"} 0.0' in text, "as client-go: from 0, so that the first is seen"
    assert "_created" not in text.replace("agentjob_created_total", "")


@pytest.mark.parametrize("metric", [metric for metric in ALL if metric.values], ids=lambda metric: metric.name)
def test_what_alerts_count_is_there_before_it_happens(metric: Metric) -> None:
    """`increase()` of a series that comes with its first count is 0: the alert would sleep through it."""
    found = {
        sample.labels[metric.labels[0]]
        for family in Recorder().registry.collect()
        for sample in family.samples
        if sample.name.startswith(metric.name.removesuffix("_total")) and sample.value == 0
    }
    assert found == set(metric.values)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, []),
        ({"tokens": 1000, "costUSD": "0.5", "timeoutSeconds": 600}, []),
        ({"tokens": 800}, []),
        ({"tokens": 500}, ["tokens"]),
        ({"costUSD": "0.2", "timeoutSeconds": 30}, ["costUSD", "timeoutSeconds"]),
        ({"costUSD": 1}, []),
    ],
)
def test_what_is_an_overrun(limits: dict[str, Any], expected: list[str]) -> None:
    """A budget is kept to within one call: less than that is how it works, more means that nobody enforces it."""
    usage = Usage(requests=4, input_tokens=900, output_tokens=100, cost_usd="0.5", active_seconds=100)
    assert overrun(limits, usage) == expected


def test_values_that_tenants_choose_are_bounded() -> None:
    """Else anybody who may create AgentJobs could make series without end."""
    recorder = Recorder()
    names = {recorder.bounded(f"model-{number}") for number in range(3 * MAX_FREE_VALUES)}
    assert len(names) == MAX_FREE_VALUES + 1
    assert OTHER in names
    assert recorder.bounded("model-0") == "model-0"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/pods", ("pods", False)),
        ("/api/v1/namespaces/a/secrets", ("secrets", False)),
        ("/apis/batch/v1/namespaces/a/jobs/b", ("jobs", True)),
        ("/apis/agentjob.io/v1alpha1/namespaces/a/agentjobs/b/status", ("agentjobs/status", True)),
        ("/api/v1/namespaces/a", ("namespaces", True)),
        ("/version", ("other", True)),
        ("/apis/agentjob.io/v1alpha1", ("other", True)),
    ],
)
def test_resources_of_paths(path: str, expected: tuple[str, bool]) -> None:
    """The label is the resource, never an object's name."""
    assert resource_of(path) == expected
