"""Money and quantities between three systems: Decimal only, tax by line, amounts never computed anew from a total.

CRM: yuan as JSON numbers, tax-inclusive price per sales unit (箱). SCM: strings, tax-exclusive price with four decimals per base
unit (件). Finance: strings with two decimals, net, tax and gross apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

FEN = Decimal("0.01")
PRICE = Decimal("0.0001")


class AmountError(ValueError):
    """An amount or quantity that cannot be carried over as it is."""


def decimal(value: object, what: str) -> Decimal:
    """A finite Decimal from text, a whole number or a Decimal; AmountError names `what` otherwise.

    Floats are refused: bodies are parsed with `parse_float=Decimal`, so a float here would be a slip of ours.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise AmountError(f"{what} is no number: {value!r}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise AmountError(f"{what} is no number: {value!r}") from None
    if not number.is_finite():
        raise AmountError(f"{what} is no number: {value!r}")
    return number


def amount_text(value: object, what: str) -> str:
    """Yuan as text with two decimals: 99.9 -> "99.90". AmountError when it has parts of a fen; nothing is rounded away."""
    number = decimal(value, what)
    exact = number.quantize(FEN)
    if exact != number:
        raise AmountError(f"{what} has parts of a fen: {number}")
    return f"{exact:f}"


def plain_text(value: Decimal) -> str:
    """A quantity or rate without exponent and trailing zeros: 0.1300 -> "0.13", 1E+3 -> "1000"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_number(value: object, what: str) -> float:
    """Yuan as a JSON number for the CRM. AmountError when the number that goes out would not read back as the same amount."""
    number = decimal(value, what)
    written = float(number)
    if Decimal(repr(written)) != number:
        raise AmountError(f"{what} does not fit a JSON number: {number}")
    return written


@dataclass(frozen=True, slots=True)
class BaseLine:
    """A sales line as the SCM wants it: quantity in the base unit, tax-exclusive price, net and tax as the CRM computed them."""

    quantity: str
    unit_price: str
    tax_rate: str
    amount: str
    tax_amount: str


def to_base_unit(line: Mapping[str, Any], factor: Decimal) -> BaseLine:
    """One CRM order line in the base unit, `factor` base units to a sales unit.

    Net and tax are handed over exactly as they stand on the CRM line; only the unit price is derived from them, rounded half up
    to four decimals. AmountError when net and tax of the line do not add up to its gross amount.
    """
    where = f"line {line['lineNumber']}"
    net = decimal(line["netAmount"], f"netAmount of {where}")
    tax = decimal(line["taxAmount"], f"taxAmount of {where}")
    gross = decimal(line["grossAmount"], f"grossAmount of {where}")
    if net + tax != gross:
        raise AmountError(f"net {net} and tax {tax} of {where} do not add up to its gross amount {gross}")
    quantity = decimal(line["quantity"], f"quantity of {where}") * factor
    if quantity <= 0:
        raise AmountError(f"the quantity of {where} is not positive: {quantity}")
    return BaseLine(
        quantity=plain_text(quantity),
        unit_price=f"{(net / quantity).quantize(PRICE, ROUND_HALF_UP):f}",
        tax_rate=plain_text(decimal(line["taxRate"], f"taxRate of {where}")),
        amount=amount_text(net, f"netAmount of {where}"),
        tax_amount=amount_text(tax, f"taxAmount of {where}"),
    )
