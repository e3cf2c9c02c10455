"""The host's side of the network: the link to the node, routes to pods and services, and the optional way out.

All of it can be found again without any file: the link by its name and the rules of the way out by their comment. So
what a killed cluster left can always be cleared away.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from cluster.commands import finished, run, succeeds
from cluster.embedded import layout
from cluster.errors import ClusterError

_COMMENT = "agentjob-cluster"
_IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def link_exists() -> bool:
    """Whether the host's end of a link is there, of a running cluster or left by a dead one."""
    return succeeds("ip", "link", "show", layout.HOST_LINK)


def connect(supervisor: int) -> None:
    """Makes the link into the network namespace of process `supervisor`, and the routes to pods and services."""
    peer = ("peer", "name", layout.NODE_LINK, "netns", str(supervisor))
    run("ip", "link", "add", layout.HOST_LINK, "type", "veth", *peer)
    run("ip", "link", "set", layout.HOST_LINK, "up")
    run("ip", "address", "add", f"{layout.HOST_ADDRESS}/{layout.LINK_PREFIX}", "dev", layout.HOST_LINK)
    # `onlink`: the node's end may not be up yet.
    for destination in (layout.POD_RANGE, layout.SERVICE_RANGE):
        run("ip", "route", "add", destination, "via", layout.NODE_ADDRESS, "dev", layout.HOST_LINK, "onlink")


def disconnect() -> None:
    """Removes the link, its routes and the way out, whichever of them are there."""
    close_way_out()
    if link_exists():
        # It may vanish by itself in between, with the namespace of its other end.
        removed = finished(["ip", "link", "delete", layout.HOST_LINK])
        if removed.returncode != 0 and link_exists():
            raise ClusterError(f"cannot remove the link {layout.HOST_LINK}: {removed.stderr.strip()}")


def way_out_is_open() -> bool:
    """Whether the host translates the node's addresses towards the outside."""
    return bool(_own_rules())


def open_way_out(supervisor: int) -> None:
    """Lets pods reach what the host reaches: forwarding, NAT, and a default route in the node. Harmless twice."""
    if not way_out_is_open():
        # The value to go back to travels in the rule itself, so no kill can lose it.
        mark = ("-m", "comment", "--comment", f"{_COMMENT} ip_forward={_IP_FORWARD.read_text().strip()}")
        outside = ("-s", layout.NODE_ADDRESS, "!", "-o", layout.HOST_LINK)
        run("iptables", "-w", "-t", "nat", "-A", "POSTROUTING", *outside, *mark, "-j", "MASQUERADE")
        run("iptables", "-w", "-I", "FORWARD", "-i", layout.HOST_LINK, *mark, "-j", "ACCEPT")
        run("iptables", "-w", "-I", "FORWARD", "-o", layout.HOST_LINK, *mark, "-j", "ACCEPT")
    _IP_FORWARD.write_text("1")
    run(*_in_node(supervisor), "ip", "route", "replace", "default", "via", layout.HOST_ADDRESS)


def _in_node(supervisor: int) -> tuple[str, ...]:
    return ("nsenter", f"--net=/proc/{supervisor}/ns/net")


def close_default_route(supervisor: int) -> None:
    """Takes the default route away from the node, so that what pods send outside fails at once and does not hang."""
    if run(*_in_node(supervisor), "ip", "route", "show", "default"):
        run(*_in_node(supervisor), "ip", "route", "delete", "default")


def close_way_out() -> None:
    """Removes the rules of `open_way_out` and restores the host's forwarding; nothing to do when there are none."""
    for table, rule in _own_rules():
        before = re.search(rf"{_COMMENT} ip_forward=([01])", rule)
        if before is not None:
            _IP_FORWARD.write_text(before[1])
        run("iptables", "-w", "-t", table, "-D", *shlex.split(rule)[1:])


def _own_rules() -> list[tuple[str, str]]:
    if not succeeds("iptables", "--version"):
        return []
    rules: list[tuple[str, str]] = []
    for table, chain in (("filter", "FORWARD"), ("nat", "POSTROUTING")):
        listed = run("iptables", "-w", "-t", table, "-S", chain).splitlines()
        rules += [(table, rule) for rule in listed if _COMMENT in rule]
    return rules
