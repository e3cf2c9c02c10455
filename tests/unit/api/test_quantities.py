"""Quantities and money, as the models read them, and the patterns that the API server checks them with."""

import re
from decimal import Decimal

import pytest
from agentjob_api.base import MONEY_PATTERN, SIZE_PATTERN, quantity_value
from agentjob_api.spec import Limits, Prices


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("1", "1"),
        ("1.5", "1.5"),
        ("500m", "0.5"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("2Gi", "2147483648"),
        ("1.5Gi", "1610612736"),
        ("3P", "3000000000000000"),
        ("1Pi", "1125899906842624"),
    ],
)
def test_the_value_of_a_quantity(text: str, value: str) -> None:
    """Exact: no floats."""
    assert quantity_value(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "Gi", "-1", "+1", "1e3", "1.2.3", "1 Gi", "1Gi\n", "1ki", "1.", ".5", "NaN"])
def test_what_is_no_quantity(text: str) -> None:
    """The same that the schema's pattern refuses; `ValueError` and nothing else."""
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        quantity_value(text)


@pytest.mark.parametrize("text", ["0", "1", "10", "0.1", "0.000001", "100.00", "999999999", "10.000000", "010"])
def test_amounts_of_money(text: str) -> None:
    """Prices may be 0; that a limit is more than 0 is a rule of its own."""
    assert re.fullmatch(MONEY_PATTERN, text)


@pytest.mark.parametrize("text", ["-1", "", ".", "1.", ".5", "1.1234567", "1000000000", "$1", "1e3", "1,5", "1\n"])
def test_no_amounts_of_money(text: str) -> None:
    """No sign, currency or exponent; at most 9 digits and 6 decimals."""
    assert not re.fullmatch(MONEY_PATTERN, text)


@pytest.mark.parametrize(
    ("text", "fits"), [("10Gi", True), ("1", True), ("0", False), ("0Gi", False), ("1.5Gi", False)]
)
def test_sizes_are_whole_bytes_above_zero(text: str, fits: bool) -> None:
    """`1.5Gi` has a whole number of bytes, but `1.5` has not: `1536Mi` is the way to say it."""
    assert bool(re.fullmatch(SIZE_PATTERN, text)) == fits


def test_money_is_a_decimal_string_whichever_way_it_was_written() -> None:
    """An integer and a string of the same amount count the same."""
    prices = Prices.model_validate({"inputPerMillionTokens": 2, "outputPerMillionTokens": "2"})
    assert prices.input_per_million_tokens == prices.output_per_million_tokens == "2"
    assert Limits.model_validate({"costUSD": "0.50"}).cost_usd == "0.50"
