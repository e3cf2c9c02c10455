"""What all containers have in common."""

from dataclasses import dataclass, field
from typing import Any, Final

from agentjob_api import pod
from agentjob_api.pod_options import ResourceRequirements

from agentjob_operator.manifests.security import container_security_context
from agentjob_operator.manifests.volumes import Mount

CATATONIT: Final = "/usr/bin/catatonit"
"""PID 1 of every container: passes signals on and reaps, so that SIGTERM ends each at once."""


@dataclass(frozen=True)
class Part:
    """One container and what it mounts."""

    name: pod.Container
    image: str
    image_pull_policy: str
    resources: ResourceRequirements
    mounts: tuple[Mount, ...]
    env: tuple[dict[str, Any], ...] = ()
    arguments: tuple[str, ...] = ()
    """Of the runtime; the container's name when empty."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further fields of core/v1 Container."""

    def as_container(self) -> dict[str, Any]:
        """core/v1 Container."""
        return {
            "name": str(self.name),
            "image": self.image,
            "imagePullPolicy": self.image_pull_policy,
            "command": [CATATONIT, "--", pod.RUNTIME_BIN, *map(str, self.arguments or (self.name,))],
            "env": list(self.env),
            "resources": self.resources.model_dump(by_alias=True, exclude_defaults=True),
            "securityContext": container_security_context(),
            "terminationMessagePath": pod.TERMINATION_LOG,
            "terminationMessagePolicy": "File",
            "volumeMounts": [mount.as_volume_mount() for mount in self.mounts],
            **self.extra,
        }


def plain(name: str, value: str) -> dict[str, Any]:
    """core/v1 EnvVar with a value."""
    return {"name": name, "value": value}


def from_secret(name: str, secret: str, key: str, *, optional: bool = False) -> dict[str, Any]:
    """core/v1 EnvVar that the kubelet fills in; unless optional, the container does not start while the key is missing."""
    ref: dict[str, Any] = {"name": secret, "key": key}
    return {"name": name, "valueFrom": {"secretKeyRef": ref | {"optional": True} if optional else ref}}


HOME_IN_SCRATCH: Final = plain("HOME", "/tmp")  # noqa: S108 - a path in the container
"""For containers without a home: the root file system is read-only."""
