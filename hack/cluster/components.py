"""Command lines of etcd and the Kubernetes control plane, shared by the embedded cluster and `controlplane`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cluster.certificates import KeyPair

SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc"


@dataclass(frozen=True)
class ApiServerSettings:
    """What differs between the API servers that are started here; addresses without port, ports without address."""

    binary: Path
    etcd_port: int
    bind_address: str
    port: int
    service_range: str
    authority: KeyPair
    serving: KeyPair
    service_account_key: Path
    tokens: Path
    extra: tuple[str, ...] = ()


def etcd_command(binary: Path, *, data: Path, client_port: int, peer_port: int) -> list[str]:
    """One etcd member on loopback. Without fsync: the data is thrown away with the cluster."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        *(str(binary), "--name=agentjob", f"--data-dir={data}", "--unsafe-no-fsync"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
        *(f"--initial-cluster=agentjob={peer}", "--log-level=warn", "--quota-backend-bytes=4294967296"),
    ]


def api_server_command(settings: ApiServerSettings) -> list[str]:
    """kube-apiserver with static tokens, RBAC and one CA for everything."""
    return [
        *(str(settings.binary), f"--etcd-servers=http://127.0.0.1:{settings.etcd_port}"),
        *(f"--bind-address={settings.bind_address}", f"--secure-port={settings.port}"),
        *(f"--tls-cert-file={settings.serving.certificate}", f"--tls-private-key-file={settings.serving.key}"),
        *(f"--client-ca-file={settings.authority.certificate}", f"--token-auth-file={settings.tokens}"),
        f"--service-cluster-ip-range={settings.service_range}",
        *(
            f"--service-account-issuer={SERVICE_ACCOUNT_ISSUER}",
            f"--service-account-key-file={settings.service_account_key}",
        ),
        *(f"--service-account-signing-key-file={settings.service_account_key}", "--profiling=false"),
        *settings.extra,
    ]


def controller_manager_command(
    binary: Path, *, kubeconfig: Path, authority: KeyPair, service_account_key: Path, extra: Iterable[str] = ()
) -> list[str]:
    """kube-controller-manager, alone (no leader election), each controller with its own service account."""
    return [
        *(str(binary), f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}"),
        *(f"--authorization-kubeconfig={kubeconfig}", "--leader-elect=false", "--use-service-account-credentials"),
        f"--root-ca-file={authority.certificate}",
        f"--service-account-private-key-file={service_account_key}",
        "--profiling=false",
        *extra,
    ]


def scheduler_command(binary: Path, *, kubeconfig: Path, extra: Iterable[str] = ()) -> list[str]:
    """kube-scheduler, alone (no leader election)."""
    return [
        *(str(binary), f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}"),
        *(f"--authorization-kubeconfig={kubeconfig}", "--leader-elect=false", "--bind-address=127.0.0.1"),
        *extra,
    ]
