"""A real Kubernetes API server for integration tests: etcd and kube-apiserver on random loopback ports, no root.

    with control_plane(tmp_path) as cp:
        subprocess.run(["kubectl", "--kubeconfig", cp.kubeconfig, "get", "namespaces"])

There is no kubelet and, unless asked for, no controller manager: pods stay Pending and a test plays their kubelet.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster import audit, certificates, components, console, probe, processes, toolbuild
from cluster.errors import ClusterError
from cluster.kubeconfig import TokenUser, kubeconfig_text, token_file_text, write_private

_READY_SECONDS = 90.0
_START_ATTEMPTS = 3


@dataclass(frozen=True)
class ControlPlane:
    """A running API server: where it is, how to log in as administrator, and the programs that belong to it."""

    url: str
    admin_token: str
    ca_file: Path
    kubeconfig: Path
    kubectl: Path
    audit_log: Path | None
    servers: tuple[processes.Server, ...]


@dataclass(frozen=True)
class _Material:
    folder: Path
    authority: certificates.KeyPair
    serving: certificates.KeyPair
    service_account_key: Path
    tokens: Path
    admin: TokenUser


@contextmanager
def control_plane(
    folder: Path,
    *,
    controllers: bool = False,
    audit_log: bool = False,
    extra_flags: tuple[str, ...] = (),
    controller_flags: tuple[str, ...] = (),
) -> Iterator[ControlPlane]:
    """Starts etcd and kube-apiserver with all state and logs in `folder`; stops them at the end of the block.

    `controllers` adds kube-controller-manager (Jobs make pods, owner references and namespaces are collected) and with
    it the ServiceAccount admission; `controller_flags` are further flags of it. `audit_log` writes `audit.log` into
    `folder`. All of it dies with this process, and with the thread that opened the block. Raises ClusterError with the end of the log of what did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    binaries = toolbuild.ensure_binaries("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
    material = _make_material(folder)
    flags = (*extra_flags, *(_audit_flags(folder) if audit_log else ()))
    # Without controllers nobody makes the service account `default`, and its admission would refuse every pod.
    flags = flags if controllers else (*flags, "--disable-admission-plugins=ServiceAccount")
    with ExitStack() as stack:
        port, servers = _start_with_free_ports(stack, material, binaries, flags)
        url = f"https://127.0.0.1:{port}"
        text = kubeconfig_text(server=url, authority=material.authority.certificate, user=material.admin)
        kubeconfig = write_private(folder / "kubeconfig", text)
        if controllers:
            servers = (*servers, _start_controller_manager(stack, material, binaries, kubeconfig, controller_flags))
            # The controllers work when the first thing they make is there; no pod can be created before.
            account = f"{url}/api/v1/namespaces/default/serviceaccounts/default"
            wait_ready(account, material.authority.certificate, servers, material.admin.token)
        yield ControlPlane(
            url=url,
            admin_token=material.admin.token,
            ca_file=material.authority.certificate,
            kubeconfig=kubeconfig,
            kubectl=binaries["kubectl"],
            audit_log=folder / "audit.log" if audit_log else None,
            servers=servers,
        )


def _audit_flags(folder: Path) -> list[str]:
    policy = folder / "audit-policy.yaml"
    policy.write_text(audit.audit_policy_text())
    return audit.audit_flags(policy, folder / "audit.log")


def _make_material(folder: Path) -> _Material:
    admin = TokenUser("admin", secrets.token_hex(16), ("system:masters",))
    authority = certificates.make_authority(folder, "ca")
    return _Material(
        folder=folder,
        authority=authority,
        serving=certificates.sign(
            folder,
            "apiserver",
            authority,
            subject="/CN=kube-apiserver",
            alternative_names="IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc",
        ),
        service_account_key=certificates.make_private_key(folder / "service-account.key"),
        tokens=write_private(folder / "tokens.csv", token_file_text([admin])),
        admin=admin,
    )


def _start_with_free_ports(
    stack: ExitStack, material: _Material, binaries: dict[str, Path], flags: tuple[str, ...]
) -> tuple[int, tuple[processes.Server, ...]]:
    # A free port may be taken by another process before the server binds it: another choice, a few times.
    for attempt in range(1, _START_ATTEMPTS + 1):
        with ExitStack() as attempt_stack:
            try:
                port, servers = _start(attempt_stack, material, binaries, flags, attempt)
            except ClusterError as error:
                if attempt == _START_ATTEMPTS or "address already in use" not in str(error):
                    raise
                console.say(f"a port was taken by another process; starting again ({attempt} of {_START_ATTEMPTS})")
                continue
            stack.push(attempt_stack.pop_all())
            return port, servers
    raise AssertionError("the last attempt returns or raises")


def _start(
    stack: ExitStack, material: _Material, binaries: dict[str, Path], flags: tuple[str, ...], attempt: int
) -> tuple[int, tuple[processes.Server, ...]]:
    folder, etcd_port, port = material.folder, processes.free_port(), processes.free_port()
    etcd_command = components.etcd_command(
        binaries["etcd"], data=folder / f"etcd-{attempt}", client_port=etcd_port, peer_port=processes.free_port()
    )
    etcd = processes.start_server("etcd", etcd_command, folder / "etcd.log")
    stack.callback(etcd.stop)
    settings = components.ApiServerSettings(
        binary=binaries["kube-apiserver"],
        etcd_port=etcd_port,
        bind_address="127.0.0.1",
        port=port,
        service_range="10.96.0.0/16",
        authority=material.authority,
        serving=material.serving,
        service_account_key=material.service_account_key,
        tokens=material.tokens,
        extra=("--authorization-mode=RBAC", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", *flags),
    )
    api_server = processes.start_server(
        "kube-apiserver", components.api_server_command(settings), folder / "kube-apiserver.log"
    )
    stack.callback(api_server.stop)
    wait_ready(f"https://127.0.0.1:{port}/readyz", material.authority.certificate, (etcd, api_server))
    return port, (etcd, api_server)


def wait_ready(url: str, ca_file: Path, servers: tuple[processes.Server, ...], token: str = "") -> None:
    """Waits until the API server answers `url`; ClusterError when a server ends or 90 seconds have passed."""
    deadline = time.monotonic() + _READY_SECONDS
    while answer := probe.failure(url, ca_file, token):
        for server in servers:
            server.check_alive()
        if time.monotonic() > deadline:
            raise ClusterError(f"{url} did not answer within {_READY_SECONDS:.0f} s: {answer}")
        time.sleep(0.1)


def _start_controller_manager(
    stack: ExitStack, material: _Material, binaries: dict[str, Path], kubeconfig: Path, flags: tuple[str, ...]
) -> processes.Server:
    port = processes.free_port()
    command = components.controller_manager_command(
        binaries["kube-controller-manager"],
        kubeconfig=kubeconfig,
        authority=material.authority,
        service_account_key=material.service_account_key,
        extra=("--bind-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={material.folder}", *flags),
    )
    log = material.folder / "kube-controller-manager.log"
    server = processes.start_server("kube-controller-manager", command, log)
    stack.callback(server.stop)
    return server
