"""What the supervisor runs, as data: the command line of every component of the embedded cluster. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cluster import components
from cluster.certificates import KeyPair
from cluster.embedded import layout
from cluster.embedded.layout import INSIDE

_PKI = INSIDE.certificates
_CA = KeyPair(_PKI / "ca.crt", _PKI / "ca.key")
SERVICE_ACCOUNT_KEY = "service-account.key"


@dataclass(frozen=True)
class Component:
    """A server the supervisor starts, and starts again when it ends; logs go to `<data>/logs/<name>.log`."""

    name: str
    command: list[str]


def components_json(plan: list[Component]) -> str:
    """The plan as the supervisor reads it."""
    return json.dumps([asdict(component) for component in plan], indent=2) + "\n"


def parse_components(text: str) -> list[Component]:
    """The inverse of `components_json`."""
    return [Component(**entry) for entry in json.loads(text)]


def component_plan(binaries: dict[str, Path], containerd: Path, audit_flags: list[str]) -> list[Component]:
    """All components in the order in which they start."""
    return [
        Component("containerd", [str(containerd), "--config", str(INSIDE.config / "containerd.toml")]),
        Component(
            "etcd",
            components.etcd_command(binaries["etcd"], data=INSIDE.root / "etcd", client_port=2379, peer_port=2380),
        ),
        Component("kube-apiserver", _api_server(binaries["kube-apiserver"], audit_flags)),
        Component("kube-controller-manager", _controller_manager(binaries["kube-controller-manager"])),
        Component("kube-scheduler", _scheduler(binaries["kube-scheduler"])),
        Component("kubelet", _kubelet(binaries["kubelet"])),
        Component("kube-proxy", [str(binaries["kube-proxy"]), f"--config={INSIDE.config / 'kube-proxy.yaml'}"]),
    ]


def _api_server(binary: Path, audit_flags: list[str]) -> list[str]:
    settings = components.ApiServerSettings(
        binary=binary,
        etcd_port=2379,
        bind_address=layout.NODE_ADDRESS,
        port=layout.API_PORT,
        service_range=layout.SERVICE_RANGE,
        authority=_CA,
        serving=KeyPair(_PKI / "apiserver.crt", _PKI / "apiserver.key"),
        service_account_key=_PKI / SERVICE_ACCOUNT_KEY,
        tokens=_PKI / "tokens.csv",
        extra=(
            *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"),
            # `exec` and `logs` would look the node's name up in a DNS that is not there.
            *("--kubelet-preferred-address-types=InternalIP", f"--kubelet-certificate-authority={_CA.certificate}"),
            f"--kubelet-client-certificate={_PKI / 'apiserver-kubelet-client.crt'}",
            f"--kubelet-client-key={_PKI / 'apiserver-kubelet-client.key'}",
            *audit_flags,
        ),
    )
    return components.api_server_command(settings)


def _controller_manager(binary: Path) -> list[str]:
    return components.controller_manager_command(
        binary,
        kubeconfig=_PKI / "kube-controller-manager.kubeconfig",
        authority=_CA,
        service_account_key=_PKI / SERVICE_ACCOUNT_KEY,
        extra=(f"--cert-dir={layout.RUN}", "--bind-address=127.0.0.1"),
    )


def _scheduler(binary: Path) -> list[str]:
    kubeconfig = _PKI / "kube-scheduler.kubeconfig"
    return components.scheduler_command(binary, kubeconfig=kubeconfig, extra=(f"--cert-dir={layout.RUN}",))


def _kubelet(binary: Path) -> list[str]:
    return [
        *(str(binary), f"--config={INSIDE.config / 'kubelet.yaml'}", f"--root-dir={INSIDE.root / 'kubelet'}"),
        *(f"--kubeconfig={_PKI / 'kubelet.kubeconfig'}", f"--hostname-override={layout.NODE_NAME}"),
        f"--node-ip={layout.NODE_ADDRESS}",
    ]
