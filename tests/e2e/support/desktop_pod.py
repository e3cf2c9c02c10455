"""A desktop in a pod of its own, and the way to it from this machine."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml
from agentjob_api import pod as pod_contract

from e2e.support.api import Api, Json
from e2e.support.forwarding import forwarded
from e2e.support.paths import E2E
from e2e.support.shell import kubectl

READY_SECONDS = 240.0


@dataclass(frozen=True)
class Desktop:
    """`url`: the gate through a forwarded port, as a person reaches it; `token`: the right one."""

    api: Api
    namespace: str
    url: str
    token: str

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods/desktop"

    def sh(self, container: str, script: str, check: bool = True) -> str:
        """What a shell in `container` prints."""
        return kubectl("-n", self.namespace, "exec", "desktop", "-c", container, "--", "sh", "-c", script, check=check)

    def pod(self) -> Json:
        """The Pod."""
        return self.api.get(self._path)

    def wait(self, until: Callable[[Json], bool], seconds: float = READY_SECONDS) -> Json:
        """The Pod as soon as `until` holds."""
        return self.api.wait(self._path, until, seconds)

    def eventually(self, container: str, script: str, seconds: float = 60.0) -> str:
        """Runs `script` until it prints something. Raises `AssertionError`."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if printed := self.sh(container, script, check=False).strip():
                return printed
            time.sleep(0.3)
        raise AssertionError(f"nothing from {script!r} within {seconds:.0f} s")


def is_ready(pod: Json) -> bool:
    """Whether the readiness probe of the desktop is happy."""
    return any(c["name"] == "desktop" and c["ready"] for c in pod.get("status", {}).get("containerStatuses", []))


def restarts(pod: Json) -> dict[str, int]:
    """How often each container was started again."""
    return {c["name"]: c["restartCount"] for c in pod["status"]["containerStatuses"]}


@contextmanager
def running_desktop(api: Api, namespace: str) -> Iterator[Desktop]:
    """A ready desktop in a new namespace that enforces Pod Security `restricted`; both are removed at the end."""
    token = secrets.token_urlsafe(24)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    _apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    try:
        data = {"job.json": json.dumps(_JOB), "desktop-token.sha256": hashlib.sha256(token.encode()).hexdigest()}
        _apply({"apiVersion": "v1", "kind": "Secret", "metadata": _named("desktop", namespace), "stringData": data})
        pod = yaml.safe_load((E2E / "manifests" / "desktop-pod.yaml").read_text())
        pod["metadata"] = _named("desktop", namespace)
        _apply(pod)
        api.wait(f"/api/v1/namespaces/{namespace}/pods/desktop", is_ready, READY_SECONDS)
        with forwarded(namespace, "desktop", pod_contract.DESKTOP_PORT) as url:
            yield Desktop(api, namespace, url, token)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def _named(name: str, namespace: str) -> dict[str, str]:
    return {"name": name, "namespace": namespace}


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
    "desktop": {"resolution": "1280x800"},
}
