"""The operator as a process, between a real API server and a real MinIO; the test plays Job controller and kubelet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver.client import ApiClient
from cluster.controlplane import ControlPlane
from integration.operator.operatorprocess import OperatorProcess, operator_process
from integration.operator.relay import Relay, running_relay
from integration.operator.stage import Stage
from support.minio import MinioServer, running_minio


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """A running MinIO with the bucket."""
    with running_minio(tmp_path_factory.mktemp("operator-minio")) as server:
        yield server


@pytest.fixture
def relay(control_plane: ControlPlane) -> Iterator[Relay]:
    """Between the operator and the API server."""
    with running_relay(control_plane) as running:
        yield running


@pytest.fixture
def operator(
    tmp_path: Path, control_plane: ControlPlane, relay: Relay, store: MinioServer, namespace: str
) -> Iterator[OperatorProcess]:
    """Watches the test's namespace only; not started yet."""
    with operator_process(tmp_path, control_plane, relay.url, store, namespaces=namespace) as process:
        yield process


@pytest.fixture
def stage(api: ApiClient, store: MinioServer, namespace: str) -> Stage:
    """The test's namespace and what it plays there."""
    return Stage(api, store, namespace)
