"""The operator as a process, between a real API server and a real MinIO; the test plays Job controller and kubelet."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from apiserver.client import ApiClient
from apiserver.kubectl import Kubectl
from apiserver.operatoraccount import operator_token
from cluster.controlplane import ControlPlane
from integration.operator.operatorprocess import OperatorProcess, Target, operator_process
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
    with running_relay(control_plane.url, control_plane.ca_file) as running:
        yield running


@pytest.fixture(scope="module")
def token(control_plane: ControlPlane, api: ApiClient) -> str:
    """Of the service account that `manifests/install.yaml` gives the operator: all tests run with its rights and no others.

    For each module anew: the chart's tests uninstall a release with that account on the same API server."""
    return operator_token(Kubectl(control_plane.kubectl, control_plane.kubeconfig), api)[1]


@pytest.fixture
def target(control_plane: ControlPlane, relay: Relay, token: str) -> Target:
    """The API server behind the relay."""
    return Target(relay.url, control_plane.ca_file, token)


MakeOperator = Callable[..., OperatorProcess]


@pytest.fixture
def make_operator(tmp_path: Path, target: Target, store: MinioServer, namespace: str) -> Iterator[MakeOperator]:
    """Makes operators (not started yet) that watch the test's namespace, with settings by name (`sweep_seconds="1"`)."""
    with ExitStack() as stack:

        def make(name: str = "operator", **settings: str) -> OperatorProcess:
            (tmp_path / name).mkdir()
            mine = replace(target, token=settings.pop("token", target.token))
            chosen = {"namespaces": namespace, **settings}
            return stack.enter_context(operator_process(tmp_path / name, mine, store, chosen))

        yield make


@pytest.fixture
def operator(make_operator: MakeOperator) -> OperatorProcess:
    """One of them, with the defaults."""
    return make_operator()


@pytest.fixture
def stage(api: ApiClient, store: MinioServer, namespace: str) -> Stage:
    """The test's namespace and what it plays there."""
    return Stage(api, store, namespace)
