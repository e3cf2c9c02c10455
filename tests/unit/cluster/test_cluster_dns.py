"""CoreDNS' configuration, and the question that `up` asks it."""

from __future__ import annotations

import socket
import struct

from cluster.embedded import dns, lookup
from cluster.embedded.addons import outside_resolvers


def test_answer_for_all_other_names_has_a_block_of_its_own() -> None:
    """Within one block `template` answers before `kubernetes`, and no name of the cluster resolves (it happened)."""
    first, second = dns.corefile([]).split("\n}\n", 1)
    assert "kubernetes cluster.local" in first
    assert "template" not in first
    assert "NXDOMAIN" in second


def test_way_out_forwards_to_the_machines_resolvers() -> None:
    """With `--egress`, names outside the cluster go to resolvers that pods can reach."""
    assert "forward . 192.0.2.53 192.0.2.54" in dns.corefile(["192.0.2.53", "192.0.2.54"])


def test_changed_configuration_replaces_the_pod() -> None:
    """CoreDNS reads its file at the start; the annotation makes the Deployment roll out."""
    pods = [next(item for item in dns.objects(up) if item["kind"] == "Deployment") for up in ([], ["192.0.2.1"])]
    assert pods[0]["spec"]["template"]["metadata"] != pods[1]["spec"]["template"]["metadata"]


def test_resolver_on_loopback_is_passed_over() -> None:
    """systemd's stub listens on 127.0.0.53, where pods cannot reach it: the file behind it names the real ones."""
    assert outside_resolvers(["nameserver 127.0.0.53\n", "# real\nnameserver 192.0.2.7\n"]) == ["192.0.2.7"]
    assert outside_resolvers(["nameserver 127.0.0.53\n", ""]) == []


def _answer(asked: bytes, *, code: int, addresses: list[str]) -> bytes:
    header = asked[:2] + struct.pack("!5H", 0x8180 | code, 1, len(addresses), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4)
    return header + asked[12:] + b"".join(record + socket.inet_aton(address) for address in addresses)


def test_address_is_read_from_an_answer() -> None:
    """The A record of the API server's service, as CoreDNS sends it."""
    asked = lookup.question("kubernetes.default.svc.cluster.local", 7)
    assert lookup.first_address(_answer(asked, code=0, addresses=["10.96.0.1"]), asked) == "10.96.0.1"


def test_refusals_and_strange_answers_are_no_address() -> None:
    """`up` goes on waiting for NXDOMAIN, an empty answer, or the answer to another question."""
    asked = lookup.question("kubernetes.default.svc.cluster.local", 7)
    assert lookup.first_address(_answer(asked, code=3, addresses=[]), asked) is None
    assert lookup.first_address(_answer(asked, code=0, addresses=[]), asked) is None
    assert lookup.first_address(b"\x00\x08" + _answer(asked, code=0, addresses=["10.96.0.1"])[2:], asked) is None


def test_absent_server_is_no_exception() -> None:
    """Before CoreDNS has started nothing answers at the service's address: `up` asks again."""
    assert lookup.ask("kubernetes.default.svc.cluster.local", "127.0.0.254") is None
