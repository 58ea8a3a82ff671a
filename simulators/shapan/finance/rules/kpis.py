"""KPIs of finance (财务指标), each with its formula in words, because most of them have no statutory one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapan.kernel.money import divide_half_up, text_from_fen


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure with what went into it; `value` is None when it cannot be told."""

    key: str
    en: str
    zh: str
    value: str | None
    unit: str
    formula_en: str
    formula_zh: str
    inputs: Mapping[str, str]


def revenue(amount: int) -> Kpi:
    """Revenue (营业收入), without tax."""
    return Kpi(
        "revenue",
        "Revenue",
        "营业收入",
        text_from_fen(amount),
        "yuan",
        "Main and other operating revenue of the periods, without value added tax",
        "期间主营业务收入 + 其他业务收入（不含税）",
        {"revenue": text_from_fen(amount)},
    )


def collection_rate(settled: int, opening: int, new: int) -> Kpi:
    """Collection rate (回款率): what was collected and settled of what there was to collect."""
    return Kpi(
        "collection_rate",
        "Collection rate",
        "回款率",
        ratio(settled, opening + new),
        "ratio",
        "Receipts settled against receivables in the periods, less refunds of red ones / (open receivables at the start + receivables of the periods), all incl. tax",
        "期间已核销到应收的回款（扣除红字退款） ÷ （期初应收 + 期间新增应收），均含税",
        {
            "settled": text_from_fen(settled),
            "opening_receivables": text_from_fen(opening),
            "new_receivables": text_from_fen(new),
        },
    )


def receivable_turnover(earned: int, opening: int, closing: int) -> Kpi:
    """Receivable turnover (应收账款周转率)."""
    return Kpi(
        "receivable_turnover",
        "Receivable turnover",
        "应收账款周转率",
        ratio(2 * earned, opening + closing),
        "times",
        "Revenue / ((opening + closing balance of accounts receivable) / 2)",
        "营业收入 ÷ （（应收账款期初余额 + 期末余额） ÷ 2）",
        {
            "revenue": text_from_fen(earned),
            "opening_receivables": text_from_fen(opening),
            "closing_receivables": text_from_fen(closing),
        },
    )


def stock_turnover(cost: int, opening: int, closing: int) -> Kpi:
    """Stock turnover (存货周转率)."""
    return Kpi(
        "stock_turnover",
        "Stock turnover",
        "存货周转率",
        ratio(2 * cost, opening + closing),
        "times",
        "Cost of sales / ((opening + closing stock) / 2)",
        "营业成本 ÷ （（期初存货 + 期末存货） ÷ 2）",
        {
            "cost_of_sales": text_from_fen(cost),
            "opening_stock": text_from_fen(opening),
            "closing_stock": text_from_fen(closing),
        },
    )


def closing_time(seconds: Sequence[int]) -> Kpi:
    """How long closing took (结账用时), from the first step that was run to the close."""
    total, number = sum(seconds), len(seconds)
    return Kpi(
        "closing_time",
        "Time to close a period",
        "结账用时",
        ratio(total, 3600 * number),
        "hours",
        "Mean over the closed periods of the time from the first step of the close to the close",
        "已结账期间从执行第一个结账步骤到结账的平均用时",
        {"closed_periods": str(number), "seconds": str(total)},
    )


def ratio(numerator: int, denominator: int) -> str | None:
    """numerator / denominator with four decimals, half up; None when there is nothing to divide by, or it is negative."""
    if denominator <= 0:
        return None
    rounded = divide_half_up(numerator * 10000, denominator)
    return f"{'-' if rounded < 0 else ''}{abs(rounded) // 10000}.{abs(rounded) % 10000:04}"
