"""A notebook and both services in a pod of their own, and the way to the notebook from this machine."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml
from agentjob_api import pod as pod_contract

from e2e.support.api import Api, Json
from e2e.support.forwarding import forwarded
from e2e.support.paths import E2E
from e2e.support.shell import kubectl

READY_SECONDS = 120.0
BASE = "/jobs/todo-app/notebook/"


@dataclass(frozen=True)
class Notebook:
    """`url`: with the job's base URL, through a forwarded port; `token`: the right one."""

    api: Api
    namespace: str
    url: str
    token: str

    def sh(self, container: str, script: str, check: bool = True) -> str:
        """What a shell in `container` prints."""
        return kubectl("-n", self.namespace, "exec", "notebook", "-c", container, "--", "sh", "-c", script, check=check)

    def pod(self) -> Json:
        """The Pod."""
        return self.api.get(pod_path(self.namespace))

    def wait_until_ready(self, ready: bool = True) -> Json:
        """The Pod as soon as the notebook's probe is happy, or is not."""
        return self.api.wait(pod_path(self.namespace), lambda pod: is_ready(pod) is ready, READY_SECONDS)


def pod_path(namespace: str) -> str:
    """Of the one pod there."""
    return f"/api/v1/namespaces/{namespace}/pods/notebook"


def is_ready(pod: Json) -> bool:
    """Whether the readiness probe of the notebook is happy."""
    return any(c["name"] == "notebook" and c["ready"] for c in pod.get("status", {}).get("containerStatuses", []))


@contextmanager
def running_notebook(api: Api, namespace: str) -> Iterator[Notebook]:
    """A ready notebook in a new namespace that enforces Pod Security `restricted`; both are removed at the end."""
    token = secrets.token_urlsafe(24)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    _apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    try:
        data = {"job.json": json.dumps(_JOB), "notebook-token": token}
        name = {"name": "notebook", "namespace": namespace}
        _apply({"apiVersion": "v1", "kind": "Secret", "metadata": name, "stringData": data})
        pod = yaml.safe_load((E2E / "manifests" / "notebook-pod.yaml").read_text())
        _apply(pod | {"metadata": name})
        api.wait(pod_path(namespace), is_ready, READY_SECONDS)
        with forwarded(namespace, "notebook", pod_contract.NOTEBOOK_PORT) as address:
            yield Notebook(api, namespace, f"{address}{BASE}", token)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def _apply(manifest: Json) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


_JOB: Json = {
    "namespace": "n",
    "name": "todo-app",
    "uid": "u",
    "attempt": 1,
    "model": {"name": "m", "endpoint": "http://unused"},
    "limits": {"steps": 10, "timeoutSeconds": 600},
    "archive": {"maxBytes": 1000000},
    "workspaceBytes": 1000000000,
    "notebook": {"baseUrl": BASE},
    "services": ["Postgres", "Redis"],
}
