"""Tokens and what they cost. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from agentjob_api.job_config import ModelConfig

BYTES_PER_TOKEN: Final = 4
"""What English text and code come to with the usual tokenizers, as JSON somewhat less."""
MOST_BYTES_PER_TOKEN: Final = 8
"""No ordinary text has longer tokens on average."""
_MILLION: Final = Decimal(10**6)


@dataclass(frozen=True)
class Tokens:
    """Tokens of one call."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens."""

    input: Decimal = Decimal(0)
    output: Decimal = Decimal(0)

    @classmethod
    def of(cls, model: ModelConfig) -> Self:
        """The model's prices; one that is not given counts as zero."""
        return cls(Decimal(model.input_per_million_tokens or 0), Decimal(model.output_per_million_tokens or 0))

    def cost(self, tokens: Tokens) -> Decimal:
        """Exact dollars."""
        return (tokens.input * self.input + tokens.output * self.output) / _MILLION

    def output_for(self, dollars: Decimal) -> int | None:
        """How many output tokens `dollars` buy; None is any number, negative when `dollars` is."""
        if self.output == 0:
            return None if dollars >= 0 else -1
        return int((dollars * _MILLION / self.output).to_integral_value(rounding="ROUND_FLOOR"))


def estimate(size: int) -> int:
    """Tokens of `size` bytes, rounded up."""
    return -(-size // BYTES_PER_TOKEN)


@dataclass(frozen=True)
class Sample:
    """The last call whose input the endpoint counted: how many tokens how many bytes of a request came to."""

    size: int = 0
    """Bytes; 0: there was none yet."""
    tokens: int = 0

    def input(self, size: int) -> int:
        """Tokens that a request of `size` bytes will come to, rounded up.

        As many for a byte as in the sample, but no fewer than one for `MOST_BYTES_PER_TOKEN` bytes, so that a call of padding
        cannot talk the estimate down to nothing, and no more than one for each byte.
        """
        if self.size <= 0:
            return estimate(size)
        return min(size, max(-(-size * self.tokens // self.size), -(-size // MOST_BYTES_PER_TOKEN)))


def reported_usage(payload: object) -> Tokens | None:
    """The `usage` of a completion or of a stream's chunk; None when there is none or it makes no sense.

    `total_tokens` may be more than prompt and completion: some providers count reasoning only there.
    """
    usage = payload.get("usage") if isinstance(payload, dict) else None
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    total = _count(usage.get("total_tokens")) or 0
    return Tokens(prompt, max(completion, total - prompt))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
