"""What the calls of an attempt may use: limits, use so far, and reservations of calls that run. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from agentjob_api.job_config import LimitsConfig
from agentjob_api.reasons import Reason

from agentjob_runtime.model_proxy.tokens import Prices, Tokens

LARGEST_REPLY: Final = 131_072
"""No model's reply is longer: with this much left, a call that names no maximum needs none."""
DEFAULT_REPLY: Final = 16_384
"""The maximum given to a call that names none when less than `LARGEST_REPLY` is left; models refuse one above their own."""
SMALLEST_REPLY: Final = 16
"""With less than this left, a call is refused: nothing can be said in it."""


class LimitReachedError(Exception):
    """A call would pass a limit. `reason` is TOKEN_LIMIT or COST_LIMIT, the message names limit and use."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Ask:
    """What a call wants: its estimated input, and the maximum of output tokens that it names."""

    input: int
    max_output: int | None = None
    size: int = 0
    """Bytes of the request: from the first call that the endpoint counted on, `input` is estimated from them anew."""


@dataclass(eq=False)
class Reservation:
    """Tokens set aside for a running call. `cap` is the maximum its reply must be given; None leaves the call as it is."""

    input: int
    output: int
    cap: int | None

    @property
    def tokens(self) -> Tokens:
        """What is set aside."""
        return Tokens(self.input, self.output)


@dataclass
class Budget:
    """The account of one attempt; amounts only grow."""

    limits: LimitsConfig
    prices: Prices
    used: Tokens = field(default_factory=Tokens)
    running: set[Reservation] = field(default_factory=set)

    @property
    def cost(self) -> Decimal:
        """Dollars used."""
        return self.prices.cost(self.used)

    def reserve(self, ask: Ask) -> Reservation | None:
        """Sets tokens aside for a call; None: wait until a running call is settled, it may leave enough.

        Raises `LimitReachedError` when the limits have no room for the call even then.
        """
        smallest = min(SMALLEST_REPLY, ask.max_output or SMALLEST_REPLY)
        alone = self._room(ask.input, frozenset())
        if alone is not None and alone < smallest:
            raise self._refusal(ask.input, smallest)
        room = self._room(ask.input, frozenset(self.running))
        wanted = ask.max_output or DEFAULT_REPLY
        if alone is not None and room is not None and room < min(wanted, alone):
            return None
        cap = _cap(ask.max_output, room)
        reservation = Reservation(ask.input, cap or LARGEST_REPLY, cap)
        self.running.add(reservation)
        return reservation

    def grow(self, reservation: Reservation, output: int) -> None:
        """Makes room for a reply that came out as `output` tokens so far. Raises `LimitReachedError` when there is none."""
        if output <= reservation.output:
            return
        room = self._room(reservation.input, frozenset(self.running - {reservation}))
        if room is not None and room < output:
            raise self._refusal(reservation.input, output)
        reservation.output = output

    def settle(self, reservation: Reservation, tokens: Tokens) -> None:
        """Puts what a call really used in the place of its reservation."""
        self.running.discard(reservation)
        self.used = Tokens(self.used.input + tokens.input, self.used.output + tokens.output)

    def _room(self, input_tokens: int, running: frozenset[Reservation]) -> int | None:
        """Output tokens left beside `running` for a call with this input; None is unlimited."""
        rooms = (self._token_room(input_tokens, running), self._cost_room(input_tokens, running))
        return min((room for room in rooms if room is not None), default=None)

    def _token_room(self, input_tokens: int, running: frozenset[Reservation]) -> int | None:
        if self.limits.tokens is None:
            return None
        taken = sum(each.input + each.output for each in running)
        return self.limits.tokens - self.used.input - self.used.output - taken - input_tokens

    def _cost_room(self, input_tokens: int, running: frozenset[Reservation]) -> int | None:
        if self.limits.cost_usd is None:
            return None
        taken = sum((self.prices.cost(each.tokens) for each in running), self.cost)
        left = Decimal(self.limits.cost_usd) - taken - self.prices.cost(Tokens(input_tokens))
        return self.prices.output_for(left)

    def _refusal(self, input_tokens: int, output: int) -> LimitReachedError:
        others = frozenset[Reservation]()
        room = self._token_room(input_tokens, others)
        if room is not None and room < output:
            used = f"{self.used.input + self.used.output} of {self.limits.tokens} tokens"
            return LimitReachedError(
                Reason.TOKEN_LIMIT, _sentence("limits.tokens", used, f"{input_tokens + output} tokens")
            )
        need = money(self.prices.cost(Tokens(input_tokens, output)))
        used = f"{money(self.cost)} of {self.limits.cost_usd} US dollars"
        return LimitReachedError(Reason.COST_LIMIT, _sentence("limits.costUSD", used, f"{need} US dollars"))


def _cap(max_output: int | None, room: int | None) -> int | None:
    """The maximum to put into the request; None when it needs none."""
    if room is None:
        return max_output
    if max_output is None:
        return None if room >= LARGEST_REPLY else min(room, DEFAULT_REPLY)
    return min(max_output, room)


def _sentence(limit: str, used: str, need: str) -> str:
    return f"{limit} is reached: {used} of this attempt are used and the call needs at least about {need}"


def money(dollars: Decimal) -> str:
    """Plain decimal digits, never with an exponent."""
    text = f"{dollars:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
