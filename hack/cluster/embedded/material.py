"""Writes what a new cluster reads: certificates, tokens, kubeconfigs, configuration files, and the supervisor's plan."""

from __future__ import annotations

import secrets
from pathlib import Path

from cluster import audit, certificates
from cluster.embedded import configs, layout
from cluster.embedded.layout import INSIDE, DataFolder
from cluster.embedded.plan import SERVICE_ACCOUNT_KEY, component_plan, components_json
from cluster.kubeconfig import TokenUser, kubeconfig_text, token_file_text, write_private

_COMPONENT_USERS = {
    "kube-controller-manager": ("system:kube-controller-manager", ()),
    "kube-scheduler": ("system:kube-scheduler", ()),
    "kube-proxy": ("system:kube-proxy", ()),
    "kubelet": (f"system:node:{layout.NODE_NAME}", ("system:nodes",)),
}


def configuration(binaries: dict[str, Path], containerd: Path, *, audited: bool) -> dict[str, str]:
    """The text of every configuration file by its path below the data folder, the supervisor's plan among them."""
    flags = audit.audit_flags(INSIDE.config / "audit-policy.yaml", INSIDE.audit_log) if audited else []
    return {
        "config/containerd.toml": configs.containerd_config(),
        "config/cni/10-agentjob.conflist": configs.cni_config(),
        "config/kubelet.yaml": configs.kubelet_config(),
        "config/kube-proxy.yaml": configs.kube_proxy_config(),
        # Pods that ask for the node's DNS (`dnsPolicy: Default`) get the resolvers of the way out, or none.
        "config/resolv.conf": "",
        "config/audit-policy.yaml": audit.audit_policy_text(),
        "components.json": components_json(component_plan(binaries, containerd, flags)),
    }


def write(data: DataFolder, texts: dict[str, str]) -> None:
    """Fills a new data folder with credentials and the `configuration`."""
    for folder in (data.certificates, data.config / "cni", data.logs):
        folder.mkdir(parents=True)
    data.certificates.chmod(0o700)
    for name, text in texts.items():
        (data.root / name).write_text(text)
    _write_credentials(data.certificates)


def matches(data: DataFolder, texts: dict[str, str]) -> bool:
    """Whether the data folder was made from exactly this configuration."""
    files = {name: data.root / name for name in texts}
    return all(file.is_file() and file.read_text() == texts[name] for name, file in files.items())


def _write_credentials(folder: Path) -> None:
    authority = certificates.make_authority(folder, "ca")
    certificates.sign(
        folder,
        "apiserver",
        authority,
        subject="/CN=kube-apiserver",
        alternative_names=(
            f"IP:{layout.NODE_ADDRESS},IP:{layout.API_SERVICE_ADDRESS},IP:127.0.0.1,DNS:localhost,DNS:kubernetes,"
            "DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
        ),
    )
    certificates.sign(folder, "apiserver-kubelet-client", authority, subject="/O=system:masters/CN=apiserver")
    kubelet = {"subject": f"/O=system:nodes/CN=system:node:{layout.NODE_NAME}"}
    certificates.sign(folder, "kubelet", authority, **kubelet, alternative_names=f"IP:{layout.NODE_ADDRESS}")
    certificates.make_private_key(folder / SERVICE_ACCOUNT_KEY)
    admin = TokenUser("admin", secrets.token_hex(16), ("system:masters",))
    users = [admin]
    for component, (name, groups) in _COMPONENT_USERS.items():
        user = TokenUser(name, secrets.token_hex(16), groups)
        users.append(user)
        text = kubeconfig_text(server=layout.API_URL, authority=authority.certificate, user=user)
        write_private(folder / f"{component}.kubeconfig", text)
    write_private(folder / "tokens.csv", token_file_text(users))
    admin_text = kubeconfig_text(server=layout.API_URL, authority=authority.certificate, user=admin)
    write_private(folder / "admin.kubeconfig", admin_text)
