"""Configuration files of containerd, CNI, kubelet and kube-proxy (JSON is YAML). Pure; paths are those inside."""

from __future__ import annotations

import json
from pathlib import Path

from cluster.embedded import layout
from cluster.embedded.layout import INSIDE

PAUSE_IMAGE = "localhost/agentjob/pause:dev"

# Plugins that would need their file system or device, and `opt`, which would make a folder on the host.
_DISABLED_PLUGINS = [
    "io.containerd.internal.v1.opt",
    *(f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")),
]


def containerd_config() -> str:
    """containerd's config.toml (version 2): CRI with runc, overlayfs and Debian's CNI plugins."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{INSIDE.containerd}"
state = "{layout.RUN}/containerd"
disabled_plugins = {json.dumps(_DISABLED_PLUGINS)}

[grpc]
  address = "{layout.CONTAINERD_SOCKET}"

[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  # Where CAP_SYS_RESOURCE is missing, a sandbox whose score is lowered cannot start.
  restrict_oom_score_adj = true

[{cri}.cni]
  bin_dir = "{layout.CNI_PLUGINS}"
  conf_dir = "{INSIDE.config}/cni"

[{cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[{cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
"""


def imagestore_config(root: Path, state: Path, socket: Path) -> str:
    """config.toml of a containerd that only looks after its folder `root`: it runs nothing."""
    return f"""version = 2
root = "{root}"
state = "{state}"
disabled_plugins = {json.dumps([*_DISABLED_PLUGINS, "io.containerd.grpc.v1.cri"])}

[grpc]
  address = "{socket}"
"""


def cni_config() -> str:
    """A bridge with addresses from host-local, masqueraded towards the outside, and host ports."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(layout.RUN / "cni"),
            "ranges": [[{"subnet": layout.POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return _json({"cniVersion": "1.0.0", "name": "agentjob", "plugins": [bridge, portmap]})


def kubelet_config() -> str:
    """KubeletConfiguration for a node that is thrown away: works with cgroup v1 and v2, swap or none."""
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": layout.NODE_ADDRESS,
            "authentication": {"x509": {"clientCAFile": str(INSIDE.certificates / "ca.crt")}},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{layout.CGROUP}",
            "clusterDNS": [layout.DNS_ADDRESS],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": f"unix://{layout.CONTAINERD_SOCKET}",
            # A developer's disk is often nearly full, and images that were loaded by hand cannot be pulled again.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "failCgroupV1": False,
            "failSwapOn": False,
            "maxPods": 200,
            "podPidsLimit": 4096,
            "resolvConf": str(INSIDE.config / "resolv.conf"),
            "serializeImagePulls": False,
            "tlsCertFile": str(INSIDE.certificates / "kubelet.crt"),
            "tlsPrivateKeyFile": str(INSIDE.certificates / "kubelet.key"),
            # How stale a volume's size may be when it is compared with its sizeLimit (default: a minute).
            "volumeStatsAggPeriod": "15s",
        }
    )


def kube_proxy_config() -> str:
    """KubeProxyConfiguration: iptables, and no conntrack limits, which only the real root may set."""
    return _json(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(INSIDE.certificates / "kube-proxy.kubeconfig")},
            "clusterCIDR": layout.POD_RANGE,
            "conntrack": {"maxPerCore": 0, "min": 0},
            "hostnameOverride": layout.NODE_NAME,
            "mode": "iptables",
        }
    )


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2) + "\n"
