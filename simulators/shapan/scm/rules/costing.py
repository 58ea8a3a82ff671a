"""Moving weighted average (移动加权平均), company-wide: value and quantity are kept, never the average.

So no cent is lost: an issue takes round(value / quantity x n), and the last one takes the whole value. Quantities are thousandths of the
base unit, values fen. Goods on their way between two warehouses stay in the company's quantity. Source of the rule: 企业会计准则第1号
——存货, article 14 (moving weighted average is one of the methods it permits).
"""

from __future__ import annotations

from typing import NamedTuple

from shapan.kernel.errors import Problem, conflict
from shapan.kernel.money import divide_half_up, text_from_fen

# The value of all stock of one product. Far above any business, and the sum over many products still fits in 64 bits.
MAX_VALUE_FEN = 10_000_000_000_000_000


class Cost(NamedTuple):
    """What the company has of a product, in quantity and value. quantity_milli = 0 means value_fen = 0."""

    quantity_milli: int
    value_fen: int


def at_average(cost: Cost, milli: int) -> int:
    """What `milli` are worth at the average of now; 0 while there is none in stock, because then there is no average."""
    return divide_half_up(cost.value_fen * milli, cost.quantity_milli) if cost.quantity_milli else 0


def issue_value(cost: Cost, milli: int, wanted_fen: int | None = None) -> int:
    """The value that leaves with `milli` (出库成本), 0 <= milli <= cost.quantity_milli.

    The last issue takes the whole value. Otherwise it is `wanted_fen`, for goods that go back at the cost at which they came, as long as that
    leaves value for what remains; the average when it does not, or when nothing is wanted.
    """
    if milli >= cost.quantity_milli:
        return cost.value_fen
    if wanted_fen is not None and wanted_fen < cost.value_fen:
        return wanted_fen
    return at_average(cost, milli)


def average_e4(cost: Cost) -> int | None:
    """The average in 1/10000 yuan per base unit, to be shown and never to be reckoned with; None when there is no stock."""
    return divide_half_up(cost.value_fen * 100_000, cost.quantity_milli) if cost.quantity_milli else None


class Adjustment(NamedTuple):
    """A difference in cost found afterwards: what stock takes, and what belongs to the cost of what was sold (销售成本)."""

    to_stock_fen: int
    to_cost_of_sales_fen: int


def adjustment(cost: Cost, received_milli: int, difference_fen: int) -> Adjustment:
    """How a later price of a receipt falls on stock and on cost of sales (入库成本调整).

    What is still on hand counts as of this receipt first, so stock takes the share min(received, on hand) / received; it never goes below
    zero. The rest was sold or used up.
    """
    held = min(received_milli, cost.quantity_milli)
    to_stock = max(divide_half_up(difference_fen * held, received_milli), -cost.value_fen)
    return Adjustment(to_stock, difference_fen - to_stock)


def value_refusal(product_code: str, value_fen: int) -> Problem | None:
    """409 when the stock of one product would be worth more than 100,000,000,000,000.00 yuan: then a price or quantity is wrong."""
    if value_fen <= MAX_VALUE_FEN:
        return None
    value, most = text_from_fen(value_fen), text_from_fen(MAX_VALUE_FEN)
    return conflict(
        "stock-value-limit",
        f"The stock of {product_code} would be worth {value} yuan; at most {most} is taken. Check quantity and cost.",
        f"{product_code} 的库存金额将达到 {value} 元，超过上限 {most} 元。请核对数量和成本。",
    )
