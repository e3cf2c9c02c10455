"""Installs what the tests run against: the chart, a scripted model with a key, and a Git server with repositories."""

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import yaml
from cluster import facts
from minio import Minio

from e2e.support import gitrepos, shell
from e2e.support.api import Api, Json
from e2e.support.gitrepos import Repositories
from e2e.support.paths import CHART, E2E, REPOSITORY
from e2e.support.store import Store
from e2e.support.tenant import TENANT_LABEL
from images import catalog

RELEASE, SYSTEM, SERVERS = "agentjob", "agentjob-system", "agentjob-e2e"
OPERATOR = "agentjob-operator"
BUCKET = "agentjob"
MODEL_URL = f"http://scripted-model.{SERVERS}.svc:8080/v1"
_MODEL = f"/api/v1/namespaces/{SERVERS}/services/scripted-model:8080/proxy"
_CONTENT = "agentjob.io/content"
"""Annotation of pods: what their image is made of. The tag stays `dev`, so a new image would not restart them."""
_WAIT = "120s"


@dataclass(frozen=True)
class Release:
    """What was installed."""

    api: Api
    store: Store
    repositories: Repositories
    model_key: str

    def violations(self) -> list[Json]:
        """What the scripted model found wrong with requests, oldest first."""
        found: list[Json] = self.api.get(f"{_MODEL}/violations")["violations"]
        return found


def install(api: Api) -> Release:
    """Idempotent: restarts only what changed."""
    _remove_rests(api)
    images = catalog.read(REPOSITORY)
    servers = _servers(images)
    shell.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(servers))
    _upgrade(images)
    _await_rollouts()
    with tempfile.TemporaryDirectory() as folder:
        repositories = gitrepos.make_repositories(Path(folder))
        gitrepos.copy_to_server(Path(folder), SERVERS, _git_server(api))
    return Release(api, store_of(api), repositories, _model_key(servers))


def found(api: Api) -> Release:
    """What another process has installed."""
    with tempfile.TemporaryDirectory() as folder:
        # The same as on the server, commit by commit: their dates are fixed.
        repositories = gitrepos.make_repositories(Path(folder))
    return Release(api, store_of(api), repositories, _model_key(_servers(catalog.read(REPOSITORY))))


def _remove_rests(api: Api) -> None:
    # Namespaces of a session that was killed: their jobs would run beside ours.
    for left in api.items("/api/v1/namespaces", labelSelector=TENANT_LABEL):
        api.delete(f"/api/v1/namespaces/{left['metadata']['name']}")


def _servers(images: dict[str, catalog.Image]) -> list[Json]:
    manifests: list[Json] = []
    for name, image in (("gitserver", "gitserver"), ("scriptedmodel", "runtime")):
        documents = list(yaml.safe_load_all((E2E / "manifests" / f"{name}.yaml").read_text()))
        for document in documents:
            if document["kind"] == "Deployment":
                document["spec"]["template"]["metadata"]["annotations"] = {_CONTENT: images[image].content}
        manifests += documents
    return manifests


def _model_key(servers: list[Json]) -> str:
    keys: list[str] = [item["stringData"]["api-key"] for item in servers if item["kind"] == "Secret"]
    return keys[0]


def cluster_values(images: dict[str, catalog.Image]) -> Json:
    """The chart's values that depend on the cluster and on what the images are made of."""
    cluster = facts.read()
    return {
        "minio": {"image": cluster["MINIO_IMAGE"]},
        "storage": {"publicEndpoint": cluster["PUBLIC_OBJECT_STORE"]},
        "operator": {"podAnnotations": {_CONTENT: images["operator"].content}},
    }


def _upgrade(images: dict[str, catalog.Image]) -> None:
    values = cluster_values(images)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        shell.run(
            "helm", "upgrade", "--install", RELEASE, str(CHART), "--namespace", SYSTEM, "--create-namespace",
            "--values", str(E2E / "values.yaml"), "--values", file.name,
        )  # fmt: skip


def _await_rollouts() -> None:
    # Not by `helm --wait`: a release whose installation was interrupted refuses the next one.
    kinds = {SYSTEM: ("deployment", "statefulset"), SERVERS: ("deployment",)}
    for namespace, workloads in kinds.items():
        for kind in workloads:
            shell.kubectl("-n", namespace, "rollout", "status", kind, "--timeout", _WAIT, seconds=150)


def store_of(api: Api) -> Store:
    """The object store of the release that is installed now."""
    secret = api.get(f"/api/v1/namespaces/{SYSTEM}/secrets/{RELEASE}-minio")["data"]
    access, hidden = (base64.b64decode(secret[key]).decode() for key in ("access-key", "secret-key"))
    public = urlparse(facts.read()["PUBLIC_OBJECT_STORE"])
    return Store(Minio(public.netloc, access_key=access, secret_key=hidden, secure=public.scheme == "https"), BUCKET)


def _git_server(api: Api) -> str:
    pods = api.items(f"/api/v1/namespaces/{SERVERS}/pods", labelSelector="app=gitserver")
    ready: list[str] = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return ready[0]


def scale(api: Api, name: str, replicas: int, kind: str = "deployments") -> None:
    """Scales a workload of the release, and returns when its pods are all gone, or all ready."""
    path = f"/apis/apps/v1/namespaces/{SYSTEM}/{kind}/{name}"
    selector = api.get(path)["spec"]["selector"]["matchLabels"]
    api.patch(path, {"spec": {"replicas": replicas}})
    if replicas:
        api.wait(path, lambda found: found["status"].get("readyReplicas", 0) == replicas, 180)
    else:
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        api.wait_empty(f"/api/v1/namespaces/{SYSTEM}/pods", 120, labelSelector=labels)
