"""A namespace with AgentJobs in it: what a tenant of the operator is."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from agentjob_api import names, pod
from agentjob_api.reasons import Reason
from agentjob_api.status import TERMINAL_PHASES, Phase

from e2e.support import shell
from e2e.support.api import Api, Json

MODEL_SECRET = "agentjob-model"
"""What the chart's values name for AgentJobs that name no Secret of their own."""
TENANT_LABEL = "agentjob-e2e"
END_SECONDS = 240
"""How long an ordinary AgentJob may take on a busy machine before a test gives up on it."""

SAYING_SECONDS = 120


@dataclass(frozen=True)
class Tenant:
    """One namespace; the methods name objects in it."""

    api: Api
    namespace: str

    def path(self, kind: str, name: str = "") -> str:
        """The API path of a collection (`pods`, `jobs`, `agentjobs`, …) of this namespace, or of one object in it."""
        group = {"agentjobs": f"apis/{names.API_VERSION}", "jobs": "apis/batch/v1", "events": "api/v1"}.get(
            kind, "api/v1"
        )
        return f"/{group}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def apply(self, *manifests: Json) -> None:
        """One `kubectl apply` for all of `manifests`, in this namespace."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        shell.kubectl("-n", self.namespace, "apply", "-f", "-", stdin=json.dumps(listed))

    def job(self, name: str) -> Json:
        """The AgentJob as it is now."""
        return self.api.get(self.path("agentjobs", name))

    def pods(self, name: str) -> list[Json]:
        """The pods of an AgentJob, oldest attempt first."""
        uid = self.job(name)["metadata"]["uid"]
        found = self.api.items(self.path("pods"), labelSelector=f"{names.LABEL_UID}={uid}")
        return sorted(found, key=lambda item: int(item["metadata"]["labels"][names.LABEL_ATTEMPT]))

    def finished(self, name: str, seconds: float = END_SECONDS) -> Json:
        """The AgentJob as soon as it is at its end."""
        return self.api.wait(self.path("agentjobs", name), lambda job: phase(job) in TERMINAL_PHASES, seconds)

    def reasoned(self, name: str, reason: Reason, seconds: float = END_SECONDS) -> Json:
        """The AgentJob as soon as its status gives `reason`."""
        return self.api.wait(self.path("agentjobs", name), lambda job: status(job).get("reason") == reason, seconds)

    def running(self, name: str, attempt: int = 1, seconds: float = END_SECONDS) -> Json:
        """The AgentJob as soon as the agent of its n-th attempt works."""
        return self.api.wait(
            self.path("agentjobs", name),
            lambda job: phase(job) == Phase.RUNNING and status(job).get("attempts") == attempt,
            seconds,
        )

    def said(self, name: str, text: str, container: str = pod.Container.AGENT) -> str:
        """Waits until the agent works and follows the container's log until a line holds `text`; that line."""
        self.api.wait(self.path("agentjobs", name), lambda job: phase(job) == Phase.RUNNING, END_SECONDS)
        pod_name = status(self.job(name))["podName"]
        for line in shell.log_lines(self.namespace, pod_name, container, SAYING_SECONDS):
            if text in line:
                return line
        raise AssertionError(f"the log of {container} in {pod_name} did not say {text!r} within {SAYING_SECONDS} s")

    def exec(self, name: str, *command: str, container: str = pod.Container.AGENT, check: bool = True) -> str:
        """Runs a command in a container of the current attempt; its output."""
        pod_name = status(self.job(name))["podName"]
        return shell.kubectl("-n", self.namespace, "exec", pod_name, "-c", container, "--", *command, check=check)

    def logs(self, name: str, container: str) -> str:
        """The log of a container of the current attempt."""
        return shell.kubectl("-n", self.namespace, "logs", status(self.job(name))["podName"], "-c", container)

    def delete(self, name: str) -> None:
        """Deletes the AgentJob and returns when it is gone."""
        self.api.delete(self.path("agentjobs", name))
        self.api.wait_gone(self.path("agentjobs", name), 60)


def create_tenant(api: Api, prefix: str, model_key: str) -> Tenant:
    """A new namespace that enforces Pod Security `restricted`, with the Secret that holds the model's key."""
    name = f"e2e-{prefix[:40]}-{secrets.token_hex(3)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted", TENANT_LABEL: "true"}
    api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
    tenant = Tenant(api, name)
    api.create(tenant.path("secrets"), model_secret(MODEL_SECRET, model_key))
    return tenant


def model_secret(name: str, key: str) -> Json:
    """A Secret as `model.apiKeySecretRef` wants it."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"api-key": key}}


def agentjob(name: str, task: str, *, model: Json | None = None, **spec: Any) -> Json:
    """The manifest of an AgentJob whose task holds its script."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": name},
        "spec": {"task": task, "model": {"name": "inline", **(model or {})}, **spec},
    }


def status(job: Json) -> Json:
    """`status`, empty when the operator has not seen the object yet."""
    found: Json = job.get("status", {})
    return found


def phase(job: Json) -> str:
    """`status.phase`, empty at first."""
    return str(status(job).get("phase", ""))
