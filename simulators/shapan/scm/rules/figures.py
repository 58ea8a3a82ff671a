"""Key figures of stock (关键指标), each with its formula and the numbers that went in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, text_from_fen

# Kinds of movements: what goes to customers, and all that makes the cost of sales. A store sale consumes its recipe's ingredients; returns and
# voids give back.
SHIPPED = ("sales_issue",)
SOLD = (*SHIPPED, "sales_return", "store_consumption", "store_consumption_void")


class Sums(NamedTuple):
    """A period of one product, in quantity and value. What came in and went out is never negative."""

    opening_milli: int
    opening_fen: int
    received_milli: int
    received_fen: int
    issued_milli: int
    issued_fen: int

    @property
    def closing_milli(self) -> int:
        """Opening + received - issued."""
        return self.opening_milli + self.received_milli - self.issued_milli

    @property
    def closing_fen(self) -> int:
        """Opening + received - issued."""
        return self.opening_fen + self.received_fen - self.issued_fen


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure. `value` is None when nothing went in; texts are (English, Chinese)."""

    key: str
    name: tuple[str, str]
    value: str | None
    unit: str
    formula: tuple[str, str]
    inputs: dict[str, str]


def period_fault(first: date, last: date) -> list[Fault]:
    """A period does not end before it begins."""
    if first <= last:
        return []
    return [Fault("/to", f"{last} is before {first}.", f"截止日期 {last} 早于起始日期 {first}。", "query")]


def _decimals(numerator: int, denominator: int, places: int) -> str | None:
    """A quotient as text, None when there is none."""
    if denominator == 0:
        return None
    scaled = divide_half_up(numerator * 10**places, denominator)
    sign, (whole, rest) = "-" if scaled < 0 else "", divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"


def stock_figures(cost_fen: int, opening_fen: int, closing_fen: int, days: int) -> list[Figure]:
    """Turnover (存货周转率), its days, and the value of stock; amounts in fen, `days` the length of the period."""
    inputs = {
        "cost_of_sales": text_from_fen(cost_fen),
        "opening_stock": text_from_fen(opening_fen),
        "closing_stock": text_from_fen(closing_fen),
    }
    return [
        Figure(
            "stock_turnover",
            ("Stock turnover", "存货周转率"),
            _decimals(2 * cost_fen, opening_fen + closing_fen, 3),
            "times",
            (
                "Cost of sales ÷ ((opening stock + closing stock) ÷ 2).",
                "营业成本 ÷（（期初存货＋期末存货）÷ 2）。",
            ),
            inputs,
        ),
        Figure(
            "stock_turnover_days",
            ("Days in stock", "存货周转天数"),
            _decimals(days * (opening_fen + closing_fen), 2 * cost_fen, 1),
            "days",
            (
                "Days of the period ÷ stock turnover; for a year of 365 days that is 365 ÷ stock turnover.",
                "期间天数 ÷ 存货周转率；全年按 365 天即 365 ÷ 存货周转率。",
            ),
            {**inputs, "days": str(days)},
        ),
        Figure(
            "stock_value",
            ("Value of stock at the end", "期末存货金额"),
            text_from_fen(closing_fen),
            "yuan",
            (
                "Opening stock + what came in − what went out, at the moving average.",
                "期初存货金额＋本期收入金额−本期发出金额，按移动加权平均计价。",
            ),
            {"opening_stock": inputs["opening_stock"]},
        ),
    ]
