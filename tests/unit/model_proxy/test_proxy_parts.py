"""The pure parts where a server would show less: rounding, splitting, odd numbers."""

from decimal import Decimal

import pytest
from agentjob_api.job_config import LimitsConfig
from agentjob_api.reasons import Reason
from agentjob_runtime.model_proxy.budget import DEFAULT_REPLY, LARGEST_REPLY, Ask, Budget, LimitReachedError, money
from agentjob_runtime.model_proxy.meter import LONGEST_LINE, StreamMeter
from agentjob_runtime.model_proxy.redact import Redactor, StreamRedactor
from agentjob_runtime.model_proxy.tokens import Prices, Sample, Tokens, estimate, reported_usage
from modelservers.raw import delta, sse, usage_of


def budget(tokens: int | None = None, cost: str | None = None, prices: Prices | None = None) -> Budget:
    """A fresh account."""
    limits = LimitsConfig(steps=1, tokens=tokens, cost_usd=cost, timeout_seconds=1)
    return Budget(limits, prices or Prices())


@pytest.mark.parametrize(
    ("left", "wanted", "cap"),
    [
        (None, None, None),
        (None, 5, 5),
        (LARGEST_REPLY, None, None),
        (LARGEST_REPLY - 1, None, DEFAULT_REPLY),
        (DEFAULT_REPLY - 1, None, DEFAULT_REPLY - 1),
        (1000, 5000, 1000),
        (1000, 5, 5),
        (2, 1, 1),
    ],
)
def test_cap(left: int | None, wanted: int | None, cap: int | None) -> None:
    """A maximum is put in only where it is needed: endpoints refuse one above their model's own."""
    reservation = budget(tokens=None if left is None else left + 10).reserve(Ask(10, wanted))
    assert reservation
    assert reservation.cap == cap


@pytest.mark.parametrize(
    ("sample", "size", "tokens"),
    [
        (Sample(), 1001, estimate(1001)),
        (Sample(1000, 400), 2000, 800),
        (Sample(1000, 333), 2002, 667),
        (Sample(1000, 10), 2001, 251),
        (Sample(1000, 9000), 2000, 2000),
    ],
)
def test_input_is_estimated_by_the_last_call_within_bounds(sample: Sample, size: int, tokens: int) -> None:
    """A call of padding must not make the next one free, nor one with a picture make it impossible."""
    assert sample.input(size) == tokens


def test_the_tighter_limit_counts_and_is_named() -> None:
    """Tokens for 100 replies, money for none."""
    account = budget(tokens=10**6, cost="0.001", prices=Prices(Decimal(1), Decimal(100)))
    with pytest.raises(LimitReachedError, match="costUSD") as caught:
        account.reserve(Ask(10))
    assert caught.value.reason is Reason.COST_LIMIT


def test_free_output_is_limited_by_input_only() -> None:
    """A price of zero must not divide by zero."""
    account = budget(cost="1", prices=Prices(Decimal(1), Decimal(0)))
    reservation = account.reserve(Ask(999_999))
    assert reservation
    assert reservation.cap is None
    account.settle(reservation, Tokens(1_000_001, 5))
    with pytest.raises(LimitReachedError):
        account.reserve(Ask(1))


def test_second_reservation_waits_for_the_first() -> None:
    """None is not a refusal."""
    account = budget(tokens=1000)
    first = account.reserve(Ask(10, 900))
    assert first
    assert account.reserve(Ask(10, 900)) is None
    account.settle(first, Tokens(10, 10))
    assert account.reserve(Ask(10, 900))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"usage": usage_of(3, 4)}, Tokens(3, 4)),
        ({"usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 100}}, Tokens(3, 97)),
        ({"usage": {"prompt_tokens": -3, "completion_tokens": 4}}, None),
        ({"usage": {"prompt_tokens": True, "completion_tokens": 4}}, None),
        ({"usage": {"prompt_tokens": 1.5, "completion_tokens": 4}}, None),
        ({"usage": None}, None),
        ({"usage": []}, None),
        ([], None),
        (None, None),
    ],
)
def test_reported_usage(payload: object, expected: Tokens | None) -> None:
    """Providers send all of these; nonsense is no usage, and reasoning that only the total holds is output."""
    assert reported_usage(payload) == expected


def test_meter_reads_lines_cut_anywhere() -> None:
    """Byte by byte gives the same as in one piece."""
    data = b"".join(sse(delta("äöü"), {"choices": [], "usage": usage_of(7, 8)}, "[DONE]")).replace(b"\n", b"\r\n")
    whole, bytewise = StreamMeter(), StreamMeter()
    whole.feed(data)
    for position in range(len(data)):
        bytewise.feed(data[position : position + 1])
    assert (whole.reported, whole.done, whole.output_bytes) == (Tokens(7, 8), True, 6)
    assert (bytewise.reported, bytewise.done, bytewise.output_bytes) == (Tokens(7, 8), True, 6)


def test_meter_counts_what_it_cannot_read() -> None:
    """Neither a line without an end nor one that is not JSON is a free reply, or fills the memory."""
    meter = StreamMeter()
    meter.feed(b"data: {broken\n\n")
    assert meter.output_bytes == 7
    for _ in range(5):
        meter.feed(b"x" * LONGEST_LINE)
    assert meter.output_bytes >= 4 * LONGEST_LINE


def test_stream_redactor_masks_at_every_cut() -> None:
    """However the key is cut, and with its own beginning before it."""
    key = b"abab-secret-abac"
    data = b"ab" + key + b"ab ab" + key + key[:-1]
    expected = b"ab***ab ab***" + key[:-1]
    redactor = Redactor(key.decode())
    for cut in range(len(data) + 1):
        stream = StreamRedactor(redactor)
        assert stream.feed(data[:cut]) + stream.feed(data[cut:]) + stream.flush() == expected


def test_placeholder_keys_do_not_garble_replies() -> None:
    """Servers without authentication are given words such as these."""
    assert Redactor("test").text("a test of the test") == "a test of the test"


@pytest.mark.parametrize(
    ("dollars", "text"), [("0", "0"), ("1E+3", "1000"), ("0.10", "0.1"), ("1E-9", "0.000000001"), ("120", "120")]
)
def test_money_is_written_plainly(dollars: str, text: str) -> None:
    """Readers of the report parse digits."""
    assert money(Decimal(dollars)) == text
