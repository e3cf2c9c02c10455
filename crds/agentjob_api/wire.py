"""What operator and pod hand each other as JSON: camelCase on the wire, immutable in memory.

Not pydantic, as the objects of the API are: three of the pod's containers would spend half of their start on importing it.
"""

from typing import Any, Self

import msgspec


class WireError(ValueError):
    """Not JSON, or not of this type. The message names the field; of the input it quotes at most the value of an enum."""


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A frozen object between operator and pod. Unknown fields are ignored: an older one can read what a newer one writes.

    A subclass says `frozen=True, kw_only=True` again: the second is not inherited, and mypy wants to see the first.
    Types are checked when it is read, and strictly (no number in a string); the one who writes is held to them by mypy.
    """

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Reads UTF-8 JSON. Raises `WireError`, whatever `data` holds."""
        try:
            return msgspec.json.decode(data, type=cls)
        # ValueError is also UnicodeError; too many brackets are a RecursionError.
        except (ValueError, RecursionError) as error:
            raise WireError(str(error)) from error

    def to_json(self) -> str:
        """JSON of one line. Raises `UnicodeEncodeError` for text that UTF-8 cannot hold."""
        return msgspec.json.encode(self).decode()

    def replace(self, **values: Any) -> Self:
        """A copy with other values of these fields."""
        return msgspec.structs.replace(self, **values)
