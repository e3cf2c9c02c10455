"""Public addresses, as blocks with exceptions: a NetworkPolicy can only allow."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

from agentjob_api.network import NEVER_REACHED

from agentjob_operator.network_settings import IPBlock, Peer, is_within

ALL_V4: Final = "0.0.0.0/0"
GLOBAL_V6: Final = "2000::/3"
"""Global unicast: what is private, link-local, mapped or translated lies outside of it."""
NOT_PUBLIC: Final = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("224.0.0.0/4", "240.0.0.0/4"),
    "2002::/16",
)
"""IANA's special-purpose registries (RFC 6890): private, carrier-grade NAT, benchmarks, multicast, reserved; 6to4, which leads back to IPv4."""


def public(except_cidrs: Iterable[str] = ()) -> tuple[Peer, ...]:
    """All public addresses but `except_cidrs`, one peer for each family."""
    excepted = (*NOT_PUBLIC, *NEVER_REACHED, *except_cidrs)
    return tuple(Peer(ip_block=block(cidr, excepted)) for cidr in (ALL_V4, GLOBAL_V6))


def block(cidr: str, excepted: Iterable[str] = NEVER_REACHED) -> IPBlock:
    """`cidr` without what of `excepted` lies within it. What contains it is no part of it: the caller rules that out."""
    whole = ip_network(cidr)
    parts = {part for part in map(ip_network, excepted) if part != whole and is_within(part, whole)}
    least = {part for part in parts if not any(part != other and is_within(part, other) for other in parts)}
    ordered = sorted(least, key=lambda part: (int(part.network_address), part.prefixlen))
    return IPBlock(cidr=cidr, except_=tuple(str(part) for part in ordered))
