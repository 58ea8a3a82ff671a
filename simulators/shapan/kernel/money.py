"""Money, quantities and value added tax in whole numbers.

Inside the systems money is integer fen (分, 1/100 yuan), a quantity integer thousandths ("milli"), a unit price integer
1/10000 yuan ("e4") and a tax rate integer basis points (1300 = 13 %). Only the edges speak of decimals. Nothing here is a
float but the JSON numbers of systems that use them.

Rounding is half up to the fen, tax by line and never on the total, as Chinese invoices have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction


def round_half_up(value: Fraction | Decimal | int) -> int:
    """The nearest whole number, halves away from zero (四舍五入)."""
    if isinstance(value, Fraction):
        return divide_half_up(value.numerator, value.denominator)
    return int(Decimal(value).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator, rounded half away from zero. ZeroDivisionError as usual."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    magnitude, rest = divmod(abs(numerator), denominator)
    magnitude += 1 if 2 * rest >= denominator else 0
    return -magnitude if numerator < 0 else magnitude


def _scaled(text: str | float | int | Decimal, places: int, what: str) -> int:
    try:
        value = Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no {what}") from error
    scaled = value.scaleb(places)
    if not value.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} is no {what} with at most {places} decimals")
    return int(scaled)


def _text(value: int, places: int) -> str:
    return f"{Decimal(value).scaleb(-places):.{places}f}"


def fen_from_text(text: str) -> int:
    """ "12.34" yuan -> 1234 fen. ValueError beyond two decimals."""
    return _scaled(text, 2, "amount")


def text_from_fen(fen: int) -> str:
    """1234 fen -> "12.34" yuan."""
    return _text(fen, 2)


def fen_from_number(number: float | int | Decimal) -> int:
    """12.34 yuan as a JSON number -> 1234 fen; its shortest decimal form counts. ValueError beyond two decimals."""
    return _scaled(number, 2, "amount")


def number_from_fen(fen: int) -> float:
    """1234 fen -> 12.34, exact in JSON up to 9e13 yuan because the shortest decimal form is written."""
    return fen / 100


def milli_from_text(text: str) -> int:
    """ "1.5" -> 1500 thousandths. ValueError beyond three decimals."""
    return _scaled(text, 3, "quantity")


def text_from_milli(milli: int) -> str:
    """1500 thousandths -> "1.5", without trailing zeros."""
    return _text(milli, 3).rstrip("0").rstrip(".")


def e4_from_text(text: str) -> int:
    """A unit price "7.3739" -> 73739. ValueError beyond four decimals."""
    return _scaled(text, 4, "unit price")


def text_from_e4(price: int) -> str:
    """73739 -> "7.3739"."""
    return _text(price, 4)


def rate_from_text(text: str) -> int:
    """A tax rate "0.13" -> 1300 basis points."""
    return _scaled(text, 4, "tax rate")


def text_from_rate(rate_bp: int) -> str:
    """1300 basis points -> "0.13"."""
    return _text(rate_bp, 4).rstrip("0").rstrip(".") if rate_bp else "0"


def rate_from_number(number: float | int | Decimal) -> int:
    """A tax rate 0.13 as a JSON number -> 1300 basis points."""
    return _scaled(number, 4, "tax rate")


def number_from_rate(rate_bp: int) -> float:
    """1300 basis points -> 0.13."""
    return rate_bp / 10000


@dataclass(frozen=True, slots=True)
class Tax:
    """An amount split as an invoice shows it (不含税金额, 税额, 价税合计), in fen; gross = net + tax always."""

    net: int
    tax: int

    @property
    def gross(self) -> int:
        """Net and tax together, in fen."""
        return self.net + self.tax


def split_gross(gross_fen: int, rate_bp: int) -> Tax:
    """Tax-inclusive -> net = round(gross / (1 + rate)), tax = the rest. 999.99 at 13 % = 884.95 + 115.04."""
    net = divide_half_up(gross_fen * 10000, 10000 + rate_bp)
    return Tax(net, gross_fen - net)


def split_net(net_fen: int, rate_bp: int) -> Tax:
    """Tax-exclusive -> tax = round(net x rate)."""
    return Tax(net_fen, divide_half_up(net_fen * rate_bp, 10000))


def share(total: int, part_cumulative: int, whole: int, already: int) -> int:
    """The part of `total` that falls to this step of a delivery in parts.

    `part_cumulative` of `whole` is delivered with this step included, and `already` was given to earlier steps. The shares of all
    steps add up to `total` exactly, because the last step takes the rest.
    """
    return divide_half_up(total * part_cumulative, whole) - already
