"""Where a URL leads, as far as a NetworkPolicy can say it: policies know addresses and labels, never names."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from agentjob_operator.manifests.network.ranges import public
from agentjob_operator.network_settings import EgressRule, IPBlock, Peer, Port, Selector

IN_CLUSTER: Final = re.compile(r"^[a-z0-9-]+\.(?P<namespace>[a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?$")
"""A Service's name: `minio.storage.svc` or `minio.storage.svc.cluster.local`."""
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""Label that every namespace carries."""
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def destination(url: str, except_cidrs: Iterable[str] = ()) -> EgressRule:
    """The narrowest rule that holds for the URL.

    An address: itself. A Service: the pods of its namespace, on all ports, as a policy sees the pod's port and not the Service's.
    Any other name: its port on all public addresses but `except_cidrs`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = Port(port=parts.port or DEFAULT_PORTS[parts.scheme])
    if (address := _address(host)) is not None:
        single = IPBlock(cidr=f"{address}/{address.max_prefixlen}")
        return EgressRule(to=(Peer(ip_block=single),), ports=(port,))
    if (service := IN_CLUSTER.match(host)) is not None:
        return EgressRule(to=(Peer(namespace_selector=Selector(match_labels={NAMESPACE_NAME: service["namespace"]})),))
    return EgressRule(to=public(except_cidrs), ports=(port,))


def public_https(except_cidrs: Iterable[str] = ()) -> EgressRule:
    """Port 443 of all public addresses."""
    return EgressRule(to=public(except_cidrs), ports=(Port(port=DEFAULT_PORTS["https"]),))


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
