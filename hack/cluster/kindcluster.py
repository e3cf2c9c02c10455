"""The cluster where a Docker engine answers: kind, by the checked-in configuration `manifests/kind/kind.yaml`."""

from __future__ import annotations

import shutil
from pathlib import Path

from cluster import console, facts, paths, toolbuild
from cluster.commands import finished, run, succeeds
from cluster.errors import ClusterError
from cluster.toolset import KIND_MODULES

NAME = "agentjob"
_CONFIG = paths.REPOSITORY / "manifests" / "kind" / "kind.yaml"
_TOOLS = ("kubectl", "helm", "kind")


def docker_answers() -> bool:
    """Whether there is a Docker engine to talk to, not only its client."""
    return shutil.which("docker") is not None and succeeds("docker", "info", "--format", "{{.ServerVersion}}")


def exists(kind: Path) -> bool:
    """Whether this project's kind cluster is there."""
    return NAME in run(kind, "get", "clusters").split()


def up(*, audited: bool) -> None:
    """Makes the kind cluster unless it is there, and writes the facts."""
    if audited:
        raise ClusterError("the audit log is only there on the embedded cluster: use `up --kind embedded --audit`")
    binaries = toolbuild.ensure(KIND_MODULES)
    kind = binaries["kind"]
    paths.CLUSTER_FOLDER.mkdir(exist_ok=True)
    if exists(kind):
        run(kind, "export", "kubeconfig", "--name", NAME, "--kubeconfig", paths.KUBECONFIG)
    else:
        with console.step("creating the kind cluster"):
            options = ("--config", _CONFIG, "--kubeconfig", paths.KUBECONFIG, "--wait", "180s")
            run(kind, "create", "cluster", "--name", NAME, *options)
    values = {"KIND": "kind", "PUBLIC_OBJECT_STORE": "http://127.0.0.1:30900"}
    facts.write(None, values, {name: binaries[name] for name in _TOOLS})


def down() -> None:
    """Deletes the kind cluster and the facts."""
    kind = toolbuild.ensure_binaries("kind")["kind"]
    if exists(kind):
        with console.step("deleting the kind cluster"):
            run(kind, "delete", "cluster", "--name", NAME, "--kubeconfig", paths.KUBECONFIG)
    if paths.CLUSTER_FOLDER.exists():
        shutil.rmtree(paths.CLUSTER_FOLDER)


def load(image: str) -> None:
    """Copies an image of the Docker engine into the cluster's node."""
    kind = toolbuild.ensure_binaries("kind")["kind"]
    done = finished([kind, "load", "docker-image", image, "--name", NAME])
    if done.returncode != 0:
        raise ClusterError(f"kind cannot load {image}: {done.stderr.strip()}")
