"""A pod with a desktop or a notebook as the operator makes them, without an AgentJob, and the way to it from this machine."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml

from e2e.support.api import Api, Json
from e2e.support.forwarding import forwarded
from e2e.support.paths import E2E
from e2e.support.shell import kubectl

READY_SECONDS = 240.0
BASE = "/jobs/todo-app/notebook/"


@dataclass(frozen=True)
class LonePod:
    """`url`: a port of it, forwarded, as a person reaches it; `token`: what is asked for there."""

    api: Api
    namespace: str
    name: str
    """Of the pod and of the container that it is about."""
    url: str
    token: str

    @property
    def _path(self) -> str:
        return _path(self.namespace, self.name)

    def sh(self, container: str, script: str, check: bool = True) -> str:
        """What a shell in `container` prints."""
        return kubectl("-n", self.namespace, "exec", self.name, "-c", container, "--", "sh", "-c", script, check=check)

    def pod(self) -> Json:
        """The Pod."""
        return self.api.get(self._path)

    def wait(self, until: Callable[[Json], bool], seconds: float = READY_SECONDS) -> Json:
        """The Pod as soon as `until` holds."""
        return self.api.wait(self._path, until, seconds)

    def wait_until_ready(self) -> Json:
        """The Pod as soon as the readiness probe is happy."""
        return self.wait(lambda pod: is_ready(pod, self.name))

    def eventually(self, container: str, script: str, seconds: float = 60.0) -> str:
        """Runs `script` until it prints something. Raises `AssertionError`."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if printed := self.sh(container, script, check=False).strip():
                return printed
            time.sleep(0.3)
        raise AssertionError(f"nothing from {script!r} within {seconds:.0f} s")


def is_ready(pod: Json, container: str) -> bool:
    """Whether the readiness probe of a container is happy."""
    return any(c["name"] == container and c["ready"] for c in pod.get("status", {}).get("containerStatuses", []))


def restarts(pod: Json) -> dict[str, int]:
    """How often each container was started again."""
    return {c["name"]: c["restartCount"] for c in pod["status"]["containerStatuses"]}


def new_token() -> str:
    """As the operator makes them."""
    return secrets.token_urlsafe(24)


@contextmanager
def running_pod(api: Api, name: str, port: int, token: str, data: dict[str, str]) -> Iterator[LonePod]:
    """The ready pod of `manifests/NAME-pod.yaml` with `data` in its Secret, in a namespace that enforces Pod Security `restricted`."""
    namespace = f"e2e-{name}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    _apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    try:
        metadata = {"name": name, "namespace": namespace}
        secret = {"job.json": json.dumps(_JOB)} | data
        _apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": secret})
        pod = yaml.safe_load((E2E / "manifests" / f"{name}-pod.yaml").read_text())
        _apply(pod | {"metadata": metadata})
        api.wait(_path(namespace, name), lambda found: is_ready(found, name), READY_SECONDS)
        with forwarded(namespace, name, port) as url:
            yield LonePod(api, namespace, name, url, token)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def _path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


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
    "notebook": {"baseUrl": BASE},
    "services": ["Postgres", "Redis"],
}
