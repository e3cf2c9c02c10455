"""Operators as processes, with leader election, on the plane of the test's module."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from apiserver.operatoraccount import NAMESPACE
from integration.operator.operatorprocess import OperatorProcess, Target, operator_process
from integration.operator.relay import Relay, running_relay
from integration.simulated.crowd import Crowd
from integration.simulated.plane import LEASE_PATH, Plane, running_plane

LEASE_SECONDS, RENEW_SECONDS, RETRY_SECONDS = 8, 5, 1
MakeOperator = Callable[..., OperatorProcess]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One for each module."""
    with running_plane(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture
def relay(plane: Plane) -> Iterator[Relay]:
    """Between an operator and the API server."""
    with running_relay(plane.cluster.url, plane.cluster.ca_file) as running:
        yield running


@pytest.fixture
def make_operator(tmp_path: Path, plane: Plane) -> Iterator[MakeOperator]:
    """Makes replicas (not started yet), reaching the API server through a relay where one is given."""
    # Of the test before, whose processes were killed in the end.
    plane.api.delete(LEASE_PATH)
    with ExitStack() as stack:

        def make(name: str, through: Relay | None = None, **settings: str) -> OperatorProcess:
            (tmp_path / name).mkdir()
            url = through.url if through else plane.cluster.url
            target = Target(url, plane.cluster.ca_file, plane.token)
            return stack.enter_context(operator_process(tmp_path / name, target, plane.store, _election() | settings))

        yield make


@pytest.fixture
def crowd(plane: Plane) -> Crowd:
    """Nobody in it yet."""
    return Crowd(plane, plane.namespace())


def _election() -> dict[str, str]:
    return {
        "leader_election__enabled": "true",
        "leader_election__lease_namespace": NAMESPACE,
        "leader_election__lease_seconds": str(LEASE_SECONDS),
        "leader_election__renew_seconds": str(RENEW_SECONDS),
        "leader_election__retry_seconds": str(RETRY_SECONDS),
        # Debug lines of hundreds of AgentJobs tell nobody anything.
        "log_level": "INFO",
    }
