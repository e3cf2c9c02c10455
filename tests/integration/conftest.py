"""A real API server with the CRD installed, one for all integration tests of a session. No controllers: pods and Jobs stay as they are."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver.client import ApiClient, connect
from apiserver.kubectl import Kubectl, await_established
from cluster.controlplane import ControlPlane
from cluster.controlplane import control_plane as start_control_plane

REPOSITORY = Path(__file__).resolve().parents[2]
CRD_FILE = REPOSITORY / "crds" / "agentjobs.yaml"

FIRST = (
    "cluster",
    "simulated",
    "operator/test_waiting.py",
    "pod",
    "operator",
    "bench",
    "storage",
    "chart/test_release.py",
)
"""Folders and files whose tests take longest, as they wait for processes and servers: a worker that took one late would end late."""

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In this order the files are handed out to workers (`--dist loadfile --no-loadscope-reorder`)."""
    places = {name: place for place, name in enumerate(FIRST)}

    def place(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return min(places.get(name, len(FIRST)) for name in (folder, f"{folder}/{item.path.name}"))

    items.sort(key=place)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd and kube-apiserver with the generated CRD established. Also offers the kubeconfig to programs under test."""
    with start_control_plane(tmp_path_factory.mktemp("control-plane")) as running:
        kubectl = Kubectl(running.kubectl, running.kubeconfig)
        kubectl("apply", "--server-side", "-f", str(CRD_FILE))
        await_established(kubectl)
        yield running


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> ApiClient:
    """The administrator's client; `api.as_user(...)` speaks for somebody else."""
    return connect(control_plane.url, control_plane.admin_token, control_plane.ca_file)


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """kubectl as administrator."""
    return Kubectl(control_plane.kubectl, control_plane.kubeconfig)


@pytest.fixture
def namespace(api: ApiClient) -> str:
    """A new namespace for this test alone."""
    name = f"test-{next(_numbers)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}}).or_fail()
    return name
