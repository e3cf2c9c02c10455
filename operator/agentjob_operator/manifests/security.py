"""Pod Security `restricted`: what can be said once for the pod is said there, the rest on every container."""

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
    """The root file system is read-only for all: what is written lies on a volume with a size limit.

    User, group and seccomp profile are the pod's. Saying them again would be no safer, and every field costs the API server time with
    each of the dozen writes of a Job and its pod (docs/performance.md).
    """
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
