"""A StorageClass with one volume to give, on clusters that have no such class."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from e2e.support.api import Api, Json
from e2e.support.shell import kubectl

NAMESPACE = "agentjob-e2e-volumes"
FOLDER = "/run/agentjob-e2e-volume"
"""On the node. /run is the local cluster's own, so nothing of it stays."""
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_READY_SECONDS = 60


@contextmanager
def storage_class(api: Api, name: str, size: str) -> Iterator[None]:
    """`name` can be asked for one volume of `size`; a class that is there already is left as it is."""
    if api.find(f"{_CLASSES}/{name}") is not None:
        yield
        return
    try:
        _apply(_namespace(), _folder_for_everybody())
        pod = f"/api/v1/namespaces/{NAMESPACE}/pods/folder"
        api.wait(pod, lambda found: found["status"]["phase"] == "Succeeded", _READY_SECONDS)
        _apply(_class(name), _volume(name, size))
        yield
    finally:
        for path in (f"{_CLASSES}/{name}", f"/api/v1/persistentvolumes/{NAMESPACE}", f"/api/v1/namespaces/{NAMESPACE}"):
            api.delete(path)


def _apply(*manifests: Json) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}))


def _namespace() -> Json:
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _folder_for_everybody() -> Json:
    """Makes the folder, empty. A hostPath is not given to the pod's group, as a volume of a real class is."""
    container = {
        "name": "folder",
        "image": "localhost/agentjob/runtime:dev",
        "command": ["sh", "-c", "find /volume -mindepth 1 -delete && chmod 0777 /volume"],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
    }
    volume = {"name": "volume", "hostPath": {"path": FOLDER, "type": "DirectoryOrCreate"}}
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": [volume]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "folder", "namespace": NAMESPACE}, "spec": spec}


def _class(name: str) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _volume(name: str, size: str) -> Json:
    spec = {
        "storageClassName": name,
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": FOLDER},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": NAMESPACE}, "spec": spec}
