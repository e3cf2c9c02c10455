"""Pod Security `restricted`, written out on the pod and again on every container: nothing is left to a default."""

from typing import Any

from agentjob_api import pod


def pod_security_context() -> dict[str, Any]:
    """One user and group everywhere; volumes belong to that group."""
    return {
        "runAsNonRoot": True,
        "runAsUser": pod.UID,
        "runAsGroup": pod.UID,
        "fsGroup": pod.UID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security_context() -> dict[str, Any]:
    """The root file system is read-only for all: what is written lies on a volume with a size limit."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": pod.UID,
        "runAsGroup": pod.UID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
