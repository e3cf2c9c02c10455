"""What all models share: camelCase on the wire, immutable in memory, and the quantities that Kubernetes writes as strings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

MONEY_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})?$"
QUANTITY_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,6})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"


@dataclass(frozen=True)
class CelRule:
    """One `x-kubernetes-validations` entry; `path` is the `fieldPath` under the object that carries the rule."""

    rule: str
    message: str
    path: str | None = None


class ApiModel(BaseModel):
    """A frozen object of the API. Unknown fields are ignored: an older operator can read a newer object."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")
    cel_rules: ClassVar[tuple[CelRule, ...]] = ()


def _decimal_text(value: int | str) -> str:
    return str(Decimal(value))


Money = Annotated[
    int | str,
    AfterValidator(_decimal_text),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 16, "pattern": MONEY_PATTERN}),
]
"""US dollars as a decimal string or an integer; always a decimal string once parsed."""

Quantity = Annotated[
    int | str,
    AfterValidator(str),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 32, "pattern": QUANTITY_PATTERN}),
]
"""A Kubernetes quantity (`500m`, `2Gi`)."""

_SUFFIXES = {"m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12)}
_SUFFIXES |= {"P": Decimal(10**15)} | {f"{s}i": Decimal(1024 ** (n + 1)) for n, s in enumerate("KMGTP")}


def quantity_value(text: str) -> Decimal:
    """The number a Kubernetes quantity stands for (`apimachinery/pkg/api/resource`). Raises `ValueError` on anything else."""
    unit = text.lstrip("0123456789.")
    factor = Decimal(1) if not unit else _SUFFIXES.get(unit)
    if factor is None or not text[: len(text) - len(unit)]:
        raise ValueError(f"not a Kubernetes quantity: {text!r}")
    return Decimal(text[: len(text) - len(unit)]) * factor
