"""Simulated nodes: what kwok is told. Pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from bench.archived import ARCHIVE_BYTES, ARCHIVE_SHA256

STAGES: Final = Path(__file__).with_name("kwok_stages.yaml")
LEASE_SECONDS: Final = 7200
"""Nodes that renew their leases every few seconds would be a third of all writes."""


def kwok_config() -> str:
    """kwok's configuration and stages, one YAML stream."""
    options = {
        "manageAllNodes": True,
        "nodeIP": "127.0.0.1",
        "cidr": "10.0.0.1/16",
        "podPlayStageParallelism": 16,
        "podsOnNodeSyncParallelism": 16,
        "nodePlayStageParallelism": 4,
        "nodeLeaseParallelism": 4,
        "nodeLeaseDurationSeconds": LEASE_SECONDS,
    }
    head = {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options}
    stages = STAGES.read_text().replace("@BYTES@", str(ARCHIVE_BYTES)).replace("@SHA256@", ARCHIVE_SHA256)
    return f"{json.dumps(head)}\n---\n{stages}"


def node(number: int) -> dict[str, Any]:
    """One node, with room for any number of pods."""
    name = f"simulated-{number}"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def scheduler_config(kubeconfig: Path) -> str:
    """KubeSchedulerConfiguration whose client is no bottleneck."""
    return json.dumps(
        {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {"kubeconfig": str(kubeconfig), "qps": 1000, "burst": 2000},
            "leaderElection": {"leaderElect": False},
        }
    )
