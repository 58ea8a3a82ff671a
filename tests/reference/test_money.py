"""Amounts between the systems: exact, by line, never through a float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.reference.money import AmountError, amount_text, decimal, json_number, plain_text, to_base_unit


def line(quantity: int, net: str, tax: str, gross: str, rate: str = "0.13") -> dict[str, Any]:
    text = f'{{"lineNumber": 3, "quantity": {quantity}, "netAmount": {net}, "taxAmount": {tax}, "grossAmount": {gross}, "taxRate": {rate}}}'
    return dict(json.loads(text, parse_float=Decimal))


def test_a_line_goes_to_the_base_unit_with_its_amounts_untouched() -> None:
    base = to_base_unit(line(20, "31858.41", "4141.59", "36000.0"), Decimal(24))
    assert base.quantity == "480"
    assert base.unit_price == "66.3717"
    assert base.tax_rate == "0.13"
    assert (base.amount, base.tax_amount) == ("31858.41", "4141.59")


def test_tax_is_that_of_the_line_also_where_the_total_would_give_another() -> None:
    # 3 x 33.33 at 13 %: by line 88.50 + 11.49, in total 88.49 + 11.50.
    lines = [to_base_unit(line(1, "29.5", "3.83", "33.33"), Decimal(1)) for _ in range(3)]
    assert sum(Decimal(one.amount) for one in lines) == Decimal("88.50")
    assert sum(Decimal(one.tax_amount) for one in lines) == Decimal("11.49")


@settings(deadline=None)
@given(
    net_fen=st.integers(0, 10**13), quantity=st.integers(1, 10**6), factor=st.sampled_from(["1", "24", "0.5", "1000"])
)
def test_the_derived_price_is_within_the_tolerance_of_the_scm(net_fen: int, quantity: int, factor: str) -> None:
    net = Decimal(net_fen).scaleb(-2)
    base = to_base_unit(line(quantity, str(net), "0", str(net)), Decimal(factor))
    error = abs(Decimal(base.quantity) * Decimal(base.unit_price) - net)
    assert error <= Decimal("0.01") + Decimal(base.quantity) * Decimal("0.00005")


def test_net_and_tax_must_add_up() -> None:
    with pytest.raises(AmountError, match=r"of line 3 do not add up to its gross amount 36000\.01"):
        to_base_unit(line(20, "31858.41", "4141.59", "36000.01"), Decimal(24))


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("99.9"), "99.90"), (3, "3.00"), ("-0.01", "-0.01"), ("1E+3", "1000.00")]
)
def test_amount_text(value: object, text: str) -> None:
    assert amount_text(value, "x") == text


def test_parts_of_a_fen_are_not_rounded_away() -> None:
    with pytest.raises(AmountError, match=r"tax has parts of a fen: 0\.005"):
        amount_text("0.005", "tax")


@pytest.mark.parametrize("value", [0.1, True, None, "", "NaN", "Infinity", "1,5", []])
def test_what_is_no_decimal_is_refused(value: object) -> None:
    with pytest.raises(AmountError, match="x is no number"):
        decimal(value, "x")


@pytest.mark.parametrize(
    ("value", "text"), [("0.1300", "0.13"), ("1E+3", "1000"), ("0", "0"), ("100", "100"), ("1.500", "1.5")]
)
def test_plain_text(value: str, text: str) -> None:
    assert plain_text(Decimal(value)) == text


@settings(deadline=None)
@given(st.integers(-(10**14), 10**14))
def test_a_json_number_reads_back_as_the_same_amount(fen: int) -> None:
    amount = Decimal(fen).scaleb(-2)
    written = json.dumps(json_number(amount, "x"))
    assert json.loads(written, parse_float=Decimal) == amount


def test_an_amount_beyond_a_double_is_refused() -> None:
    with pytest.raises(AmountError, match="does not fit a JSON number"):
        json_number("90071992547409931.07", "x")
