"""Volumes of the pod: which container sees what is decided by mounts, as all of them run as the same user."""

from dataclasses import dataclass
from typing import Any

from agentjob_api import pod
from agentjob_api.base import quantity_value

from agentjob_operator.manifests.attempt import Attempt

SECRET_FILE_MODE = 0o440
RUN_SIZE = "2Gi"
"""Events, session and captured outputs."""
SCRATCH_SIZE = "256Mi"
"""`/tmp` of a trusted container."""
MEMORY_SCRATCH_SIZE = "128Mi"
PROXY_SIZE = "16Mi"
LIFE_SIZE = "1Mi"
COURIER_ALLOWANCE_BYTES = 512 * 1024**2
"""Beside the archive: session, file list and event segments."""


@dataclass(frozen=True)
class Mount:
    """A volume and where one container sees it."""

    volume: dict[str, Any]
    path: str
    read_only: bool = False
    sub_path: str = ""
    """The one file of the volume that is seen."""

    def as_volume_mount(self) -> dict[str, Any]:
        """core/v1 VolumeMount."""
        mount: dict[str, Any] = {"name": self.volume["name"], "mountPath": self.path}
        mount |= {"readOnly": True} if self.read_only else {}
        return mount | {"subPath": self.sub_path} if self.sub_path else mount


def empty_dir(name: str, size_limit: str) -> dict[str, Any]:
    """On the node's disk; the kubelet evicts the pod when it outgrows `size_limit`."""
    return {"name": name, "emptyDir": {"sizeLimit": size_limit}}


def in_memory(name: str, size_limit: str) -> dict[str, Any]:
    """Memory of the containers that write to it; when it is full, writing fails and nobody is evicted."""
    return {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": size_limit}}


def claimed(name: str, size: str, storage_class: str) -> dict[str, Any]:
    """A volume of a class of the cluster's, made for this pod and gone with it (the claim is the pod's, called `<pod>-<name>`)."""
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    return {"name": name, "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}


def workspace(attempt: Attempt, *, read_only: bool = False) -> Mount:
    """Shared by all that work on it. The agent watches its size and ends in time; the limit catches what it does not see."""
    wanted = attempt.spec.workspace
    name, size, storage_class = pod.WORKSPACE_VOLUME, str(wanted.size), wanted.storage_class_name
    volume = empty_dir(name, size) if storage_class is None else claimed(name, size, storage_class)
    return Mount(volume, pod.WORKSPACE, read_only)


def run() -> Mount:
    """What prepare, agent and courier tell each other."""
    return Mount(empty_dir("run", RUN_SIZE), pod.RUN_DIR)


def agent_home(size_limit: str) -> Mount:
    """Where the agent's tools install packages."""
    return Mount(empty_dir("home", size_limit), pod.HOME)


def agent_home_seen(size_limit: str) -> Mount:
    """The same for the notebook, which has a home of its own."""
    return Mount(agent_home(size_limit).volume, pod.AGENT_HOME, read_only=True)


def events() -> Mount:
    """Only the event stream, read-only: with the agent's lock in sight, whatever runs in the desktop could hold it."""
    return Mount(run().volume, pod.EVENTS, read_only=True, sub_path=pod.EVENTS.removeprefix(f"{pod.RUN_DIR}/"))


def courier_life(*, read_only: bool = True) -> Mount:
    """By which desktop and notebook see that the courier has ended."""
    return Mount(empty_dir("courier-life", LIFE_SIZE), pod.COURIER_LIFE_DIR, read_only)


def x11(*, read_only: bool = False) -> Mount:
    """X socket and cookie. Connecting to a socket needs no writable mount."""
    return Mount(in_memory("x11", LIFE_SIZE), pod.X11_DIR, read_only)


def proxy(*, read_only: bool = False) -> Mount:
    """The count of model-proxy: the agent has no mount of it."""
    return Mount(empty_dir("proxy", PROXY_SIZE), pod.PROXY_DIR, read_only)


def courier(attempt: Attempt) -> Mount:
    """The courier's own: the archive before it is uploaded."""
    largest = min(attempt.spec.archive.max_bytes, int(quantity_value(str(attempt.spec.workspace.size))))
    return Mount(empty_dir("courier", str(largest + COURIER_ALLOWANCE_BYTES)), pod.COURIER_DIR)


def scratch(container: pod.Container, size_limit: str = SCRATCH_SIZE) -> Mount:
    """`/tmp`, for each container one of its own."""
    return Mount(empty_dir(f"{container}-tmp", size_limit), "/tmp")  # noqa: S108 - a path in the container


def scratch_in_memory(container: pod.Container) -> Mount:
    """`/tmp` that, when full, fails writes and evicts nobody."""
    return Mount(in_memory(f"{container}-tmp", MEMORY_SCRATCH_SIZE), "/tmp")  # noqa: S108 - a path in the container


def config(attempt: Attempt, container: pod.Container, *keys: str) -> Mount:
    """The attempt's Secret, only `keys` of it. No `subPath`, so that a renewed Secret reaches the container."""
    source = {"secretName": attempt.object_name, "defaultMode": SECRET_FILE_MODE, "items": _items(*keys)}
    return Mount({"name": f"{container}-config", "secret": source}, pod.CONFIG_DIR, read_only=True)


def config_to_restore(attempt: Attempt, container: pod.Container, *keys: str) -> Mount:
    """The same with `pod.KEY_RESTORE` where the Secret has it.

    A volume of kind `secret` knows only "all of it is optional", and then the container would start before the Secret is there.
    """
    there = {"secret": {"name": attempt.object_name, "items": _items(*keys)}}
    perhaps = {"secret": {"name": attempt.object_name, "items": _items(pod.KEY_RESTORE), "optional": True}}
    source = {"defaultMode": SECRET_FILE_MODE, "sources": [there, perhaps]}
    return Mount({"name": f"{container}-config", "projected": source}, pod.CONFIG_DIR, read_only=True)


def _items(*keys: str) -> list[dict[str, str]]:
    return [{"key": key, "path": key} for key in keys]
