"""Amounts and units of a line (金额与单位换算): quantity x price, units, and what may stand beside them."""

from __future__ import annotations

from shapan.kernel.money import divide_half_up

# What the contract lets in as a quantity in base units; a conversion must not pass it either. Both bounds keep sums far inside 64 bits.
MAX_QUANTITY_MILLI = 9_999_999_999_999
MAX_ORDER_FEN = 1_000_000_000_000


def to_base_quantity(quantity_milli: int, factor_milli: int) -> int | None:
    """A quantity in a unit -> base units (换算). None when the result has more than three decimals or ten digits before them."""
    whole, rest = divmod(quantity_milli * factor_milli, 1000)
    return None if rest or whole > MAX_QUANTITY_MILLI else whole


def to_base_price(price_e4: int, factor_milli: int) -> int:
    """A price per unit -> price per base unit, rounded to four decimals."""
    return divide_half_up(price_e4 * 1000, factor_milli)


def line_amount(quantity_milli: int, price_e4: int) -> int:
    """quantity x unit price in fen, rounded half up."""
    return divide_half_up(quantity_milli * price_e4, 100_000)


def amount_agrees(amount_fen: int, quantity_milli: int, price_e4: int) -> bool:
    """Whether a given amount may stand beside quantity x price: within 0.01 yuan + quantity x 0.00005 yuan.

    The second part is what rounding a unit price to four decimals can make of it.
    """
    # Times 200,000, so that all is whole: quantity x 0.00005 yuan is quantity_milli / 200,000 fen.
    return abs(200_000 * amount_fen - 2 * quantity_milli * price_e4) <= 200_000 + quantity_milli


def tax_agrees(tax_fen: int, amount_fen: int, rate_bp: int) -> bool:
    """Whether a given tax may stand beside amount x rate: within 0.01 yuan."""
    return abs(10_000 * tax_fen - amount_fen * rate_bp) <= 10_000
