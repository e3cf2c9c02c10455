"""Addresses, names and folders of the embedded cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NODE_NAME = "agentjob"
HOST_LINK = "agentjob-host"
NODE_LINK = "agentjob-node"
HOST_ADDRESS = "10.250.0.1"
NODE_ADDRESS = "10.250.0.2"
LINK_PREFIX = 24
POD_RANGE = "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_ADDRESS = "10.96.0.10"
API_PORT = 6443
API_URL = f"https://{NODE_ADDRESS}:{API_PORT}"
CGROUP = "agentjob"

# Inside the cluster's namespaces. /run is a tmpfs of its own there: sockets and network namespaces vanish with it, and
# the paths are short wherever the checkout lies (a socket's path has at most 107 bytes).
RUN = Path("/run/agentjob")
CONTAINERD_SOCKET = RUN / "containerd.sock"
CNI_PLUGINS = Path("/usr/lib/cni")


@dataclass(frozen=True)
class DataFolder:
    """The cluster's files below one root: `.cluster/data` for the host, `/run/agentjob/data` inside the namespaces."""

    root: Path

    @property
    def certificates(self) -> Path:
        """Certificates, keys, tokens and kubeconfigs."""
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """Configuration files of the components."""
        return self.root / "config"

    @property
    def logs(self) -> Path:
        """One log file per component."""
        return self.root / "logs"

    @property
    def containerd(self) -> Path:
        """Where containerd keeps images and containers."""
        return self.root / "containerd"

    @property
    def blobs(self) -> Path:
        """What containerd holds of images: layers, configurations and manifests, each a file named by its SHA-256."""
        return self.containerd / "io.containerd.content.v1.content" / "blobs" / "sha256"

    @property
    def components(self) -> Path:
        """The supervisor's input: what it runs."""
        return self.root / "components.json"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, when it is switched on."""
        return self.root / "audit.log"


INSIDE = DataFolder(RUN / "data")
