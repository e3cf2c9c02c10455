"""The embedded cluster's share of the command line: up, down and status, with the facts the project reads."""

from __future__ import annotations

import shutil

from cluster import console, facts, paths
from cluster.embedded import discovery, images, layout, lifecycle
from cluster.embedded.access import ADMIN_KUBECONFIG, DATA

_TOOLS = ("kubectl", "helm", "minio", "etcd", "kube-apiserver", "kube-controller-manager")
PUBLIC_OBJECT_STORE = f"http://{layout.NODE_ADDRESS}:30900"


def up(*, audited: bool, egress: bool, replace: bool) -> None:
    """Brings the cluster up and writes the facts."""
    binaries = lifecycle.up(audited=audited, egress=egress, replace=replace)
    facts.link(paths.CLUSTER_FOLDER / "logs", DATA.logs)
    values = {
        "KIND": "embedded",
        "PUBLIC_OBJECT_STORE": PUBLIC_OBJECT_STORE,
        "MINIO_IMAGE": images.MINIO_IMAGE,
        "NODE_ADDRESS": layout.NODE_ADDRESS,
        "HOST_ADDRESS": layout.HOST_ADDRESS,
    }
    if DATA.audit_log.exists():
        facts.link(paths.CLUSTER_FOLDER / "audit.log", DATA.audit_log)
        values["AUDIT_LOG"] = str(paths.CLUSTER_FOLDER / "audit.log")
    facts.write(ADMIN_KUBECONFIG.read_text(), values, {name: binaries[name] for name in _TOOLS})


def down() -> None:
    """Ends the cluster and removes every trace of it."""
    was_running = discovery.find(DATA.root).supervisor is not None
    with console.step("ending the cluster" if was_running else "clearing away what an ended cluster left"):
        lifecycle.clear()
        if paths.CLUSTER_FOLDER.exists():
            shutil.rmtree(paths.CLUSTER_FOLDER)
