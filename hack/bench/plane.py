"""A control plane on loopback with simulated nodes and a real MinIO, as docs/performance.md describes it.

No kubelet: kwok plays the nodes. The operator runs as the service account of `manifests/install.yaml`, with its rights and no others,
so that the API server's priority and fairness treats it as in a real cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from cluster import components, processes
from cluster.controlplane import ControlPlane, control_plane
from cluster.paths import REPOSITORY
from cluster.toolbuild import ensure_binaries

from bench.client import Client, cluster_of
from bench.errors import BenchError
from bench.nodes import kwok_config, node, scheduler_config
from bench.objectstore import Store, running_store

NODES: Final = 100
RIGHTS: Final = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
CONTROLLER_FLAGS: Final = ("--kube-api-qps=1000", "--kube-api-burst=2000", "--node-monitor-grace-period=2h")
TOKEN_SECONDS: Final = 7200
READY_SECONDS: Final = 60.0
_COLLECTIONS: Final = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}


@dataclass(frozen=True)
class Plane:
    """Running; `operator_user` is the operator's name in the audit log."""

    folder: Path
    cluster: ControlPlane
    api: Client
    store: Store
    servers: tuple[processes.Server, ...]
    operator_user: str
    operator_token: str

    @property
    def audit_log(self) -> Path:
        """Of the API server."""
        if self.cluster.audit_log is None:
            raise RuntimeError("the control plane has no audit log")
        return self.cluster.audit_log


@asynccontextmanager
async def simulated(folder: Path, nodes: int = NODES) -> AsyncIterator[Plane]:
    """Everything but the operator, with `nodes` nodes that are ready. Raises `ClusterError` and `BenchError`."""
    with ExitStack() as stack:
        cluster = stack.enter_context(
            control_plane(folder / "plane", controllers=True, audit_log=True, controller_flags=CONTROLLER_FLAGS)
        )
        store = stack.enter_context(running_store(folder))
        own = start_scheduler_and_kwok(stack, folder, cluster, kwok_config())
        async with Client(cluster_of(cluster.kubeconfig)) as api:
            await _install_crd(api)
            user, token = await _install_rights(api)
            await asyncio.gather(*(api.request("POST", "/api/v1/nodes", node(number)) for number in range(nodes)))
            await _until(lambda: _ready_nodes(api, own, nodes), f"{nodes} nodes that are ready")
            yield Plane(folder, cluster, api, store, (*cluster.servers, *own, store.server), user, token)


def start_scheduler_and_kwok(
    stack: ExitStack, folder: Path, cluster: ControlPlane, stages: str
) -> list[processes.Server]:
    """`stages`: kwok's configuration. Both are ended by `stack`."""
    scheduler_file, kwok_file = folder / "scheduler.json", folder / "kwok.yaml"
    scheduler_file.write_text(scheduler_config(cluster.kubeconfig))
    kwok_file.write_text(stages)
    binaries = ensure_binaries("kube-scheduler", "kwok")
    flags = (f"--config={scheduler_file}", f"--secure-port={processes.free_port()}", f"--cert-dir={folder}")
    commands = {
        "kube-scheduler": components.scheduler_command(
            binaries["kube-scheduler"], kubeconfig=cluster.kubeconfig, extra=flags
        ),
        "kwok": [str(binaries["kwok"]), f"--kubeconfig={cluster.kubeconfig}", f"--config={kwok_file}"],
    }
    started = [processes.start_server(name, command, folder / f"{name}.log") for name, command in commands.items()]
    for server in started:
        stack.callback(server.stop)
    return started


async def _install_crd(api: Client) -> None:
    crd = yaml.safe_load((REPOSITORY / "crds" / "agentjobs.yaml").read_text())
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    await api.request("POST", path, crd)

    async def established() -> bool:
        status = (await api.request("GET", f"{path}/{crd['metadata']['name']}")).get("status", {})
        return any(one["type"] == "Established" and one["status"] == "True" for one in status.get("conditions") or ())

    await _until(established, "the CRD is served")


async def _install_rights(api: Client) -> tuple[str, str]:
    documents = list(yaml.safe_load_all((REPOSITORY / "manifests" / "install.yaml").read_text()))
    account: dict[str, Any] = {}
    for kind in RIGHTS:
        for document in documents:
            if document and document["kind"] == kind:
                meta = document["metadata"]
                await api.request("POST", _COLLECTIONS[kind].format(meta.get("namespace")), document)
                account = meta if kind == "ServiceAccount" and not account else account
    space, name = account["namespace"], account["name"]
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    body |= {"spec": {"expirationSeconds": TOKEN_SECONDS}}  # type: ignore[dict-item]
    answer = await api.request("POST", f"/api/v1/namespaces/{space}/serviceaccounts/{name}/token", body)
    return f"system:serviceaccount:{space}:{name}", answer["status"]["token"]


async def make_namespace(api: Client, name: str) -> None:
    """A namespace in which pods can be made."""
    await api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    async def usable() -> bool:
        found = await api.request("GET", f"/api/v1/namespaces/{name}/serviceaccounts")
        return any(one["metadata"]["name"] == "default" for one in found["items"])

    await _until(usable, f"the service account of {name}")


async def _ready_nodes(api: Client, servers: list[processes.Server], count: int) -> bool:
    for server in servers:
        server.check_alive()
    items = (await api.request("GET", "/api/v1/nodes"))["items"]
    return sum(_is_ready(one) and not one["spec"].get("taints") for one in items) == count


def _is_ready(raw: dict[str, Any]) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in raw["status"].get("conditions") or ())


async def _until(what: Any, meaning: str) -> None:
    for _ in range(int(READY_SECONDS / 0.1)):
        if await what():
            return
        await asyncio.sleep(0.1)
    raise BenchError(f"not within {READY_SECONDS:.0f} s: {meaning}")
