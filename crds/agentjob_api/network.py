"""What the agent's pod may reach."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from agentjob_api.base import ApiModel, CelRule

NEVER_REACHED: Final = (
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "::1/128",
    "fd00:ec2::254/128",
    "fe80::/10",
)
"""Loopback, link-local and the clouds' metadata services: they hand out the node's credentials, so no AgentJob can ask for them.

169.254.169.254 and fd00:ec2::254 (AWS; Google, Azure and others use the first), 168.63.129.16 (Azure's platform).
"""


class Egress(StrEnum):
    """Class of what a pod may reach; `network.allow` adds to it."""

    INTERNET = "Internet"
    RESTRICTED = "Restricted"
    NONE = "None"


def _never_reached_rule() -> CelRule:
    ranges = ", ".join(f"'{cidr}'" for cidr in NEVER_REACHED)
    inside = f"[{ranges}].exists(range, cidr(range).containsCIDR(self.cidr))"
    message = "loopback, link-local and metadata addresses cannot be allowed"
    return CelRule(f"!isCIDR(self.cidr) || !{inside}", message, ".cidr")


class AllowedRange(ApiModel):
    """Addresses that the pod may reach beside those of its class."""

    cel_rules: ClassVar[tuple[CelRule, ...]] = (
        CelRule(
            "isCIDR(self.cidr) && cidr(self.cidr) == cidr(self.cidr).masked()",
            "must be a range without host bits, such as 10.20.0.0/16, 10.20.0.5/32 or 2001:db8::/32",
            ".cidr",
        ),
        _never_reached_rule(),
    )

    cidr: Annotated[
        str, Field(max_length=43, description="The addresses, such as 10.20.0.0/16; a single one ends in /32.")
    ]
    ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65_535)], ...],
        Field(
            max_length=16,
            description="Ports as the addressed pod or host has them; all when empty.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = ()
    protocol: Annotated[Literal["TCP", "UDP"], Field(description="Of the ports.")] = "TCP"


class Network(ApiModel):
    """What the agent's pod may reach. It holds where the cluster's network enforces NetworkPolicies."""

    egress: Annotated[
        Egress,
        Field(
            description="Internet: all public addresses, and DNS, model, Git host and object store. Restricted: only those four. "
            "None: DNS, model and object store. How narrow these are is the administrator's configuration (docs/network.md)."
        ),
    ] = Egress.INTERNET
    allow: Annotated[
        tuple[AllowedRange, ...],
        Field(
            max_length=16, description="More that it may reach; the creator must be allowed to create NetworkPolicies."
        ),
    ] = ()
