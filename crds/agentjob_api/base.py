"""What all models share: camelCase on the wire, immutable in memory, and the quantities that Kubernetes writes as strings."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic_core import CoreSchema

MONEY_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})?$"
_UNITS = r"(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?"
QUANTITY_PATTERN = rf"^[0-9]{{1,15}}(\.[0-9]{{1,6}})?{_UNITS}$"
SIZE_PATTERN = r"^[1-9][0-9]{0,14}(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"


@dataclass(frozen=True)
class CelRule:
    """One `x-kubernetes-validations` entry; `path` is the `fieldPath` under the object that carries the rule."""

    rule: str
    message: str
    path: str | None = None

    def entry(self) -> dict[str, str]:
        """The rule as the CRD writes it."""
        path = {} if self.path is None else {"fieldPath": self.path}
        return {**path, "message": self.message, "rule": self.rule}


class ApiModel(BaseModel):
    """A frozen object of the API. Unknown fields are ignored: an older operator can read a newer object."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")
    cel_rules: ClassVar[tuple[CelRule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON schema with the rules that JSON schema cannot say."""
        reference = handler(core_schema)
        if cls.cel_rules:
            handler.resolve_ref_schema(reference)["x-kubernetes-validations"] = [rule.entry() for rule in cls.cel_rules]
        return reference


def list_map(key: str) -> JsonDict:
    """Schema extension of a list whose items are told apart by `key`: no duplicates, merged item by item."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


def _decimal_text(value: int | str) -> str:
    return str(Decimal(value))


def _int_or_string(pattern: str, *, lowest: int, highest: int, longest: int) -> WithJsonSchema:
    # The pattern and maxLength bound the string form, minimum and maximum the integer form.
    bounds = {"minimum": lowest, "maximum": highest, "maxLength": longest, "pattern": pattern}
    return WithJsonSchema({"x-kubernetes-int-or-string": True, **bounds})


Money = Annotated[
    int | str,
    AfterValidator(_decimal_text),
    _int_or_string(MONEY_PATTERN, lowest=0, highest=10**9 - 1, longest=16),
]
"""US dollars, 0 or more, as a decimal string or an integer; always a decimal string once parsed."""

Quantity = Annotated[
    int | str,
    AfterValidator(str),
    _int_or_string(QUANTITY_PATTERN, lowest=0, highest=10**15 - 1, longest=32),
]
"""A Kubernetes quantity (`500m`, `1.5`, `2Gi`), without sign and exponent."""

ByteSize = Annotated[
    int | str,
    AfterValidator(str),
    _int_or_string(SIZE_PATTERN, lowest=1, highest=10**15 - 1, longest=32),
]
"""A Kubernetes quantity of whole bytes (`10Gi`), more than 0."""

_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")} | {s: Decimal(1000 ** (n + 1)) for n, s in enumerate("kMGTP")}
_SUFFIXES |= {f"{s}i": Decimal(1024 ** (n + 1)) for n, s in enumerate("KMGTP")}


def quantity_value(text: str) -> Decimal:
    """The number a Kubernetes quantity stands for (`apimachinery/pkg/api/resource`). Raises `ValueError` on anything else."""
    if not re.fullmatch(QUANTITY_PATTERN, text):
        raise ValueError(f"not a Kubernetes quantity: {text!r}")
    number = text.rstrip("mkKMGTPi")
    return Decimal(number) * _SUFFIXES[text[len(number) :]]
