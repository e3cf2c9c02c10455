"""What the administrator says about the network: destinations and sources in the words of networking.k8s.io/v1.

What is written here comes back from the API server as it was sent, so that a difference always means that somebody changed it:
defaults are written out, and an empty list or map is left out.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


def _none_when_empty(value: object) -> object:
    return value or None


def _is_range(text: str) -> str:
    ip_network(text)
    return text


Cidr = Annotated[str, AfterValidator(_is_range)]
"""A range without host bits."""
Labels = Annotated[dict[str, str] | None, BeforeValidator(_none_when_empty)]


class _KubernetesObject(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def as_object(self) -> dict[str, Any]:
        """As the API server keeps it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Requirement(_KubernetesObject):
    """metav1.LabelSelectorRequirement."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Annotated[tuple[str, ...] | None, BeforeValidator(_none_when_empty)] = None


class Selector(_KubernetesObject):
    """metav1.LabelSelector; an empty one selects all."""

    match_labels: Labels = None
    match_expressions: Annotated[tuple[Requirement, ...] | None, BeforeValidator(_none_when_empty)] = None


class IPBlock(_KubernetesObject):
    """A range, and parts of it that are not meant."""

    cidr: Cidr
    except_: Annotated[tuple[Cidr, ...] | None, BeforeValidator(_none_when_empty), Field(alias="except")] = None

    @model_validator(mode="after")
    def _excepts_lie_within(self) -> Self:
        whole = ip_network(self.cidr)
        for text in self.except_ or ():
            if not is_within(ip_network(text), whole) or text == self.cidr:
                raise ValueError(f"{text} is not a part of {self.cidr}")
        return self


class Peer(_KubernetesObject):
    """Pods, by their labels and those of their namespace, or addresses."""

    ip_block: IPBlock | None = None
    namespace_selector: Selector | None = None
    pod_selector: Selector | None = None

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        pods = self.namespace_selector or self.pod_selector
        if (self.ip_block is None) == (pods is None):
            raise ValueError("either ipBlock, or namespaceSelector and podSelector (or one of them)")
        return self


class Port(_KubernetesObject):
    """A port of the addressed pod or host: not that of a Service in front of it."""

    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    port: Annotated[int, Field(ge=1, le=65_535)] | Annotated[str, Field(pattern=r"^[a-z0-9-]{1,15}$")]
    end_port: Annotated[int | None, Field(ge=1, le=65_535)] = None


class EgressRule(_KubernetesObject):
    """Destinations; all ports when none is named."""

    to: Annotated[tuple[Peer, ...], Field(min_length=1)]
    ports: Annotated[tuple[Port, ...] | None, BeforeValidator(_none_when_empty)] = None


_KUBE_DNS = EgressRule(
    to=(
        Peer(
            namespace_selector=Selector(match_labels={"kubernetes.io/metadata.name": "kube-system"}),
            pod_selector=Selector(match_labels={"k8s-app": "kube-dns"}),
        ),
    ),
    ports=(Port(protocol="UDP", port=53), Port(protocol="TCP", port=53)),
)


class NetworkSettings(BaseModel):
    """NetworkPolicies of agents' pods. A destination that is left empty is derived from the address that the operator knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    enabled: bool = True
    """Whether the operator makes them at all."""
    dns: tuple[EgressRule, ...] = (_KUBE_DNS,)
    """Where names are looked up."""
    model: tuple[EgressRule, ...] = ()
    """The models; when empty, the default model's endpoint."""
    object_store: tuple[EgressRule, ...] = ()
    """When empty, `storage.endpoint`."""
    git: tuple[EgressRule, ...] = ()
    """Git hosts; when empty, port 443 of all public addresses."""
    access_from: tuple[Peer, ...] = ()
    """Who may connect to desktop and notebook over the network, such as an ingress controller. `kubectl port-forward` needs nothing here."""
    except_cidrs: tuple[Cidr, ...] = ()
    """What does not count as public, beside private and reserved ranges: public addresses of nodes, of the API server, of an intranet."""


def is_within(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    """Whether all addresses of `part` are in `whole`; never across the two families."""
    if isinstance(part, IPv4Network):
        return isinstance(whole, IPv4Network) and part.subnet_of(whole)
    return isinstance(whole, IPv6Network) and part.subnet_of(whole)
