"""A control plane whose controllers work, with simulated nodes: kwok plays the kubelets, and pods end when they are told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from apiserver.client import ApiClient, connect
from apiserver.kubectl import Kubectl, await_established
from apiserver.operatoraccount import NAMESPACE, operator_token
from bench.nodes import kwok_config, node
from bench.plane import start_scheduler_and_kwok
from cluster.controlplane import ControlPlane, control_plane
from cluster.paths import REPOSITORY
from support.minio import MinioServer, running_minio
from support.patience import until

Json = dict[str, Any]
NODES = 6
END = "agentjob-test/end"
CONTROLLER_FLAGS = ("--kube-api-qps=500", "--kube-api-burst=1000", "--node-monitor-grace-period=2h")
LEASE_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/agentjob-operator"


@dataclass
class Plane:
    """Running. `user` is the operator's name in the audit log."""

    cluster: ControlPlane
    api: ApiClient
    kubectl: Kubectl
    store: MinioServer
    user: str
    token: str
    _namespaces: int = field(default=0)

    @property
    def audit_log(self) -> Path:
        """Of the API server."""
        assert self.cluster.audit_log is not None
        return self.cluster.audit_log

    def lease(self) -> Json:
        """`spec` of the operator's Lease; {} without one."""
        answer = self.api.get(LEASE_PATH)
        return dict(answer.body["spec"]) if answer.accepted else {}

    def namespace(self) -> str:
        """A new one, in which pods can be made."""
        self._namespaces += 1
        name = f"tenant-{self._namespaces}"
        self.api.create("/api/v1/namespaces", {"metadata": {"name": name}}).or_fail()
        until(lambda: self.api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default").accepted, "a service account")
        return name


@contextmanager
def running_plane(folder: Path) -> Iterator[Plane]:
    """Pods run until `END` is among their annotations."""
    with ExitStack() as stack:
        flags = {"controllers": True, "audit_log": True, "controller_flags": CONTROLLER_FLAGS}
        cluster = stack.enter_context(control_plane(folder / "plane", **flags))  # type: ignore[arg-type]
        (folder / "store").mkdir()
        store = stack.enter_context(running_minio(folder / "store"))
        start_scheduler_and_kwok(stack, folder, cluster, _stages())
        api = connect(cluster.url, cluster.admin_token, cluster.ca_file)
        kubectl = Kubectl(cluster.kubectl, cluster.kubeconfig)
        kubectl("apply", "--server-side", "-f", str(REPOSITORY / "crds" / "agentjobs.yaml"))
        await_established(kubectl)
        user, token = operator_token(kubectl, api)
        for number in range(NODES):
            api.create("/api/v1/nodes", node(number)).or_fail()
        until(lambda: _ready_nodes(api) == NODES, "the nodes are ready")
        yield Plane(cluster, api, kubectl, store, user, token)


def _ready_nodes(api: ApiClient) -> int:
    nodes = api.get("/api/v1/nodes").or_fail()["items"]
    return sum(not one["spec"].get("taints") and _is_ready(one) for one in nodes)


def _is_ready(raw: Json) -> bool:
    conditions = raw.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _stages() -> str:
    documents = list(yaml.safe_load_all(kwok_config()))
    (end,) = (one["spec"] for one in documents if one.get("metadata", {}).get("name") == "pod-end")
    del end["delay"]
    end["selector"]["matchExpressions"].append({"key": f'.metadata.annotations["{END}"]', "operator": "Exists"})
    return "\n---\n".join(json.dumps(one) for one in documents)
