"""The rest of the cluster, played by the test: Job controller, scheduler, kubelet, courier. The API server and the store are real."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, TypeVar

from agentjob_api import names
from agentjob_api.grant import ObjectName, UploadGrant
from agentjob_api.report import Report, StoredObject, Verdict
from agentjob_api.status import TERMINAL_PHASES
from apiserver.client import MERGE_PATCH, ApiClient, agentjob
from support.minio import BUCKET, MinioServer
from support.patience import WAIT_SECONDS, tries, until
from uploads import post

Json = dict[str, Any]
T = TypeVar("T")
INIT = ("model-proxy", "prepare")
MAIN = ("courier", "agent")
BESIDE = ("notebook", "desktop")


POLICIES = {"networkpolicies": "apis/networking.k8s.io/v1"}


def now() -> str:
    """As the API writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Stage:
    """One namespace."""

    api: ApiClient
    store: MinioServer
    namespace: str

    def path(self, kind: str, name: str = "") -> str:
        """Of a collection or an object in the namespace; `kind` is the plural."""
        groups = {"agentjobs": f"apis/{names.API_VERSION}", "jobs": "apis/batch/v1", **POLICIES}
        path = f"/{groups.get(kind, 'api/v1')}/namespaces/{self.namespace}/{kind}"
        return f"{path}/{name}" if name else path

    def apply(self, name: str, **spec: Any) -> Json:
        """Creates an AgentJob."""
        return self.api.create(self.path("agentjobs"), agentjob(name, **spec)).or_fail()

    def change(self, name: str, **spec: Any) -> None:
        """Patches the spec, as `kubectl patch` does."""
        self.api.patch(self.path("agentjobs", name), {"spec": spec}).or_fail()

    def agentjob(self, name: str) -> Json:
        """As it is now."""
        return self.api.get(self.path("agentjobs", name)).or_fail()

    def status(self, name: str) -> Json:
        """Its status, {} without one."""
        status: Json = self.agentjob(name).get("status", {})
        return status

    def items(self, kind: str) -> list[Json]:
        """All objects of a kind."""
        items: list[Json] = self.api.get(self.path(kind)).or_fail()["items"]
        return items

    def item(self, kind: str, name: str) -> Json | None:
        """An object, None while it is not there."""
        answer = self.api.get(self.path(kind, name))
        return answer.or_fail() if answer.accepted else None

    def jobs_of(self, name: str) -> list[Json]:
        """The Jobs of an AgentJob, by attempt."""
        mine = [
            j for j in self.items("jobs") if j["metadata"].get("annotations", {}).get(names.ANNOTATION_NAME) == name
        ]
        return sorted(mine, key=lambda job: int(job["metadata"]["labels"][names.LABEL_ATTEMPT]))

    def job(self, name: str, attempt: int = 1) -> Json:
        """Waits for the Job of an attempt."""

        def found() -> Json | None:
            return next(iter(self.jobs_of(name)[attempt - 1 : attempt]), None)

        return self.wait(found, f"job {attempt} of {name}")

    def secret(self, name: str, attempt: int) -> dict[str, str]:
        """Keys of an attempt's Secret, decoded; waits for it."""

        def found() -> Json | None:
            wanted = (name, str(attempt))
            return next((one for one in self.items("secrets") if _attempt_of(one) == wanted), None)

        data = self.wait(found, f"the Secret of attempt {attempt} of {name}")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def wait(self, what: Callable[[], T | None], meaning: str, seconds: float = WAIT_SECONDS) -> T:
        """The first true answer of `what`."""
        return until(what, meaning, seconds)

    def wait_reason(self, name: str, reason: str, seconds: float = WAIT_SECONDS) -> Json:
        """Waits for `status.reason`; returns the status."""
        status: Json = {}
        for _ in tries(seconds):
            status = self.status(name)
            if status.get("reason") == reason:
                return status
        raise AssertionError(f"{name} did not come to {reason}; its status: {json.dumps(status, indent=1)}")

    def job_of_attempt(self, name: str, attempt: int) -> Json:
        """Waits for it; those of earlier attempts may be gone."""

        def found() -> Json | None:
            wanted = str(attempt)
            return next((j for j in self.jobs_of(name) if j["metadata"]["labels"][names.LABEL_ATTEMPT] == wanted), None)

        return self.wait(found, f"the Job of attempt {attempt} of {name}")

    def make_pod(self, job: Json, suffix: str = "pod", node: str = "") -> str:
        """What the Job controller does, and with a `node` the scheduler; returns the pod's name."""
        template, meta = job["spec"]["template"], job["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        name = f"{meta['name']}-{suffix}"
        metadata = {**template["metadata"], "name": name, "ownerReferences": [owner]}
        body: Json = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": dict(template["spec"])}
        if node:
            body["spec"] |= {"nodeName": node}
        self.api.create(self.path("pods"), body).or_fail()
        return name

    def set_pod(self, pod: str, fields: Json | None = None, **containers: Json) -> None:
        """Container states by name (`model_proxy` for model-proxy); `fields` are others of the pod's status."""
        states = {name.replace("_", "-"): state for name, state in containers.items()}
        status: Json = {
            "phase": "Running",
            **(fields or {}),
            "initContainerStatuses": [_container(name, states) for name in INIT],
            "containerStatuses": [_container(name, states) for name in (*MAIN, *(n for n in BESIDE if n in states))],
        }
        path = self.path("pods", pod) + "/status"
        self.api.request("PATCH", path, {"status": status}, headers={"Content-Type": MERGE_PATCH}).or_fail()

    def set_condition(self, pod: str, condition: Json) -> None:
        """Beside the states of its containers."""
        path = self.path("pods", pod) + "/status"
        body = {"status": {"conditions": [condition]}}
        self.api.request("PATCH", path, body, headers={"Content-Type": MERGE_PATCH}).or_fail()

    def run(self, pod: str) -> None:
        """The agent works."""
        self.set_pod(pod, model_proxy=running(), prepare=ended(), agent=running(), courier=running())

    def upload(self, name: str, attempt: int = 1, content: bytes = b"archive") -> StoredObject:
        """The courier's archive, really in the store."""
        key = self.prefix(name, attempt) + "workspace.zip"
        self.store.client().put_object(BUCKET, key, BytesIO(content), len(content))
        return StoredObject(key=key, bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), files=1)

    def prefix(self, name: str, attempt: int = 1) -> str:
        """Of an attempt in the bucket."""
        return f"{self.namespace}/{name}/{self.agentjob(name)['metadata']['uid']}/{attempt}/"

    def report(self, name: str, attempt: int = 1, verdict: Verdict = Verdict.SUCCESS, **fields: Any) -> str:
        """The courier's termination message."""
        report = Report(uid=self.agentjob(name)["metadata"]["uid"], attempt=attempt, verdict=verdict, **fields)
        return report.to_json()

    def finish(self, pod: str, report: str, *, agent_exit: int = 0, phase: str = "Succeeded") -> None:
        """Agent and courier ended."""
        courier = ended(0, message=report)
        self.set_pod(
            pod, {"phase": phase}, model_proxy=ended(), prepare=ended(), agent=ended(agent_exit), courier=courier
        )

    def store_checkpoint(self, name: str, attempt: int = 1, content: bytes = b"checkpoint") -> StoredObject:
        """As the courier does it."""
        return self.store_object(name, ObjectName.CHECKPOINT, content, attempt)

    def store_object(self, name: str, what: str, content: bytes, attempt: int = 1) -> StoredObject:
        """With its checksum, and the grant in the attempt's Secret."""
        grant = UploadGrant.from_json(self.secret(name, attempt)["upload.json"])
        key = grant.key_prefix + what
        assert asyncio.run(post(grant, key, content)).status in {200, 204}
        return StoredObject(key=key, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    def delete(self, kind: str, name: str) -> None:
        """At once, as the garbage collector and the kubelet would leave it."""
        query = {"propagationPolicy": "Background", "gracePeriodSeconds": "0"}
        self.api.request("DELETE", self.path(kind, name), query=query).or_fail()

    def play(self, name: str) -> Json:
        """Does, again and again, what the cluster would do next, until the AgentJob ended; returns its status."""
        status: Json = {}
        for _ in tries(WAIT_SECONDS):
            status = self.status(name)
            if status.get("phase") in TERMINAL_PHASES:
                return status
            for job in self.jobs_of(name):
                self._advance(name, job, status)
        raise AssertionError(f"{name} did not end: {json.dumps(status, indent=1)}")

    def _advance(self, name: str, job: Json, status: Json) -> None:
        uid, attempt = job["metadata"]["uid"], int(job["metadata"]["labels"][names.LABEL_ATTEMPT])
        pods = [
            p for p in self.items("pods") if uid in (ref["uid"] for ref in p["metadata"].get("ownerReferences", ()))
        ]
        if not pods:
            self.make_pod(job)
        elif pods[0]["status"]["phase"] == "Pending":
            self.run(pods[0]["metadata"]["name"])
        elif status.get("phase") == "Running" and pods[0]["status"]["phase"] == "Running":
            self.succeed(name, pods[0]["metadata"]["name"], attempt)

    def succeed(self, name: str, pod: str, attempt: int = 1) -> None:
        """Everything went well."""
        archive = self.upload(name, attempt)
        self.finish(pod, self.report(name, attempt, workspace=archive, message="It works.", steps=3))


def _attempt_of(raw: Json) -> tuple[str, str]:
    meta = raw["metadata"]
    return meta["annotations"][names.ANNOTATION_NAME], meta["labels"][names.LABEL_ATTEMPT]


def running() -> Json:
    """A container state."""
    return {"running": {"startedAt": now()}}


def starting() -> Json:
    """A container state, of one whose readiness probe is not content yet."""
    return {**running(), "ready": False}


def ended(exit_code: int = 0, reason: str = "", message: str = "") -> Json:
    """A container state."""
    state = {"exitCode": exit_code, "reason": reason or ("Completed" if exit_code == 0 else "Error")}
    return {"terminated": {**state, "message": message, "startedAt": now(), "finishedAt": now()}}


def waiting(reason: str, message: str = "") -> Json:
    """A container state."""
    return {"waiting": {"reason": reason, "message": message}}


def _container(name: str, states: dict[str, Json]) -> Json:
    state = states.get(name, waiting("PodInitializing"))
    return {
        "name": name,
        "image": f"agentjob/{name}:test",
        "imageID": "",
        "ready": state.get("ready", "running" in state),
        "restartCount": 0,
        "state": {kind: detail for kind, detail in state.items() if kind != "ready"},
    }
