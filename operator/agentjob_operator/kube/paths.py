"""Paths of the API server."""

from agentjob_api import names
from agentjob_api.status import TERMINAL_PHASES

AGENTJOBS = f"/apis/{names.API_VERSION}/agentjobs"
JOBS = "/apis/batch/v1/jobs"
PODS = "/api/v1/pods"
MANAGED = f"{names.LABEL_MANAGED_BY}={names.MANAGED_BY}"
"""Label selector of what is ours."""
UNFINISHED = ",".join(f"status.phase!={phase}" for phase in TERMINAL_PHASES)
"""Field selector of AgentJobs that may need something."""


def agentjob(namespace: str, name: str) -> str:
    return f"/apis/{names.API_VERSION}/namespaces/{namespace}/agentjobs/{name}"


def agentjob_status(namespace: str, name: str) -> str:
    return f"{agentjob(namespace, name)}/status"


def jobs(namespace: str) -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def job(namespace: str, name: str) -> str:
    return f"{jobs(namespace)}/{name}"


def secrets(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets"


def network_policies(namespace: str) -> str:
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"


def network_policy(namespace: str, name: str) -> str:
    return f"{network_policies(namespace)}/{name}"


def events(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/events"


def leases(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def lease(namespace: str, name: str) -> str:
    return f"{leases(namespace)}/{name}"


def in_namespace(collection: str, namespace: str | None) -> str:
    """`/apis/g/v/things` of one namespace, or of all when None."""
    if namespace is None:
        return collection
    base, plural = collection.rsplit("/", 1)
    return f"{base}/namespaces/{namespace}/{plural}"
