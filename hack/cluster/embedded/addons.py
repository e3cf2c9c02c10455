"""What a started cluster still needs to be used: its DNS, and the way out when it is wanted."""

from __future__ import annotations

import json
from pathlib import Path

from cluster import console
from cluster.commands import finished, run
from cluster.embedded import dns, layout, lookup, network
from cluster.embedded.access import as_admin
from cluster.errors import ClusterError

_RESOLVER_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def outside_resolvers(texts: list[str]) -> list[str]:
    """The name servers of the first resolv.conf that names one other than a stub on loopback."""
    for text in texts:
        lines = [line.split() for line in text.splitlines()]
        servers = [words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1]
        reachable = [server for server in servers if not server.startswith("127.") and server != "::1"]
        if reachable:
            return reachable
    return []


def switch_way_out(supervisor: int, *, wanted: bool) -> None:
    """Opens or closes the pods' way out of the machine."""
    if wanted:
        network.open_way_out(supervisor)
        console.say("pods may reach the outside (--egress)")
        return
    if network.way_out_is_open():
        console.say("closing the pods' way out (no --egress)")
        network.close_way_out()
    network.close_default_route(supervisor)


def install_dns(kubectl: Path, *, with_outside: bool) -> None:
    """Applies CoreDNS; with a way out it asks the machine's own resolvers for names outside the cluster."""
    upstreams: list[str] = []
    if with_outside:
        upstreams = outside_resolvers([file.read_text() for file in _RESOLVER_FILES if file.exists()])
        if not upstreams:
            raise ClusterError("--egress: /etc/resolv.conf names no resolver that pods could reach")
    manifest = {"apiVersion": "v1", "kind": "List", "items": dns.objects(upstreams)}
    command = [*as_admin(kubectl), "apply", "--server-side", "--force-conflicts", "--filename=-"]
    run(*command, stdin=json.dumps(manifest))


def node_is_ready(kubectl: Path) -> bool:
    """Whether the node's condition Ready is True."""
    ready = ("wait", "--for=condition=Ready", f"node/{layout.NODE_NAME}", "--timeout=2s")
    return finished([*as_admin(kubectl), *ready]).returncode == 0


def dns_serves(kubectl: Path) -> bool:
    """Whether the current CoreDNS Deployment has rolled out and answers at the service's address."""
    command = [*as_admin(kubectl), "--namespace=kube-system", "rollout", "status", "deployment/coredns"]
    if finished([*command, "--timeout=2s"]).returncode != 0:
        return False
    return lookup.ask("kubernetes.default.svc.cluster.local", layout.DNS_ADDRESS) == layout.API_SERVICE_ADDRESS
