"""Sales orders (销售订单): their lines, totals and dates, and what a state allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import (
    Tax,
    e4_from_text,
    fen_from_text,
    milli_from_text,
    rate_from_text,
    split_net,
    text_from_fen,
)
from shapan.scm.rules.amounts import (
    MAX_ORDER_FEN,
    amount_agrees,
    line_amount,
    tax_agrees,
    to_base_price,
    to_base_quantity,
)
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.references import future_fault


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as it is kept: quantity and price by base unit, amounts as entered or computed."""

    product_code: str
    quantity_milli: int
    unit_price_e4: int
    rate_bp: int
    amount: Tax
    source_line: int | None


def order_line(
    line: Mapping[str, Any], units: Mapping[str, int] | None, pointer: str
) -> tuple[OrderLine | None, list[Fault]]:
    """A line of createSalesOrder -> the line to keep, and every fault in it.

    `units` are the product's factors by unit in milli, the base unit first; None for a product that does not exist.
    """
    faults: list[Fault] = []
    code = line["product_code"]
    quantity = milli_from_text(line["quantity"])
    price = e4_from_text(line["unit_price"])
    rate = rate_from_text(line["tax_rate"])
    factor = 1000
    if units is None:
        faults.append(Fault(f"{pointer}/product_code", f"There is no product {code}.", f"没有物料 {code}。"))
    elif (unit := line.get("unit")) is not None:
        factor = units.get(unit, 0)
        if not factor:
            known = "、".join(units)
            faults.append(
                Fault(
                    f"{pointer}/unit",
                    f"Product {code} has no unit {unit}; it has {known}.",
                    f"物料 {code} 没有单位“{unit}”，可用单位：{known}。",
                )
            )
    base = to_base_quantity(quantity, factor)
    if base is None:
        faults.append(
            Fault(
                f"{pointer}/quantity",
                f"{line['quantity']} {line['unit']} are no quantity in base units with at most ten digits and three decimals.",
                f"{line['quantity']} {line['unit']}换算成基本单位后超过十位整数或三位小数。",
            )
        )
    amount, amount_faults = _amounts(line, quantity, price, rate, pointer)
    faults += amount_faults
    if faults or base is None:
        return None, faults
    return OrderLine(code, base, to_base_price(price, factor), rate, amount, line.get("source_line")), []


def _amounts(line: Mapping[str, Any], quantity: int, price: int, rate: int, pointer: str) -> tuple[Tax, list[Fault]]:
    """Net and tax of a line, given or computed, with the faults of those given."""
    faults: list[Fault] = []
    computed = line_amount(quantity, price)
    net = computed if line.get("amount") is None else fen_from_text(line["amount"])
    if not amount_agrees(net, quantity, price):
        expected = text_from_fen(computed)
        faults.append(
            Fault(
                f"{pointer}/amount",
                f"{line['amount']} does not agree with quantity × unit_price, which is {expected}.",
                f"金额 {line['amount']} 与数量×单价（{expected}）不符。",
            )
        )
    tax = split_net(net, rate).tax if line.get("tax_amount") is None else fen_from_text(line["tax_amount"])
    if not tax_agrees(tax, net, rate):
        expected = text_from_fen(split_net(net, rate).tax)
        faults.append(
            Fault(
                f"{pointer}/tax_amount",
                f"{line['tax_amount']} does not agree with amount × tax_rate, which is {expected}.",
                f"税额 {line['tax_amount']} 与金额×税率（{expected}）不符。",
            )
        )
    return Tax(net, tax), faults


def order_total_faults(lines: Iterable[OrderLine]) -> list[Fault]:
    """An order comes to 10,000,000,000.00 yuan at most, tax included."""
    gross = sum(line.amount.gross for line in lines)
    if gross <= MAX_ORDER_FEN:
        return []
    total, most = text_from_fen(gross), text_from_fen(MAX_ORDER_FEN)
    return [
        Fault(
            "/lines",
            f"The order comes to {total} yuan; at most {most} is taken. Check prices and quantities, or split it.",
            f"订单价税合计 {total} 元，超过上限 {most} 元。请核对单价和数量，或拆单。",
        )
    ]


def order_date_fault(day: date, today: date) -> list[Fault]:
    """An order is not dated in the future, nor before the last year."""
    return future_fault(day.isoformat(), today.isoformat(), "/order_date")


def approve_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is approved."""
    if state == "draft":
        return None
    return conflict(
        "sales-order-not-draft",
        f"{number} is {state}, and only a draft can be approved. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以审核。请先查询该单据。",
    )


def not_approved_refusal(number: str, state: str) -> Problem | None:
    """Only an approved order is allocated and delivered."""
    if state == "approved":
        return None
    return conflict(
        "sales-order-not-approved",
        f"{number} is {state}; this needs an approved order.",
        f"{number} 的状态为{STATES_ZH[state]}，该操作要求订单已审核。",
    )


def cancel_refusal(number: str, state: str, shipped: bool) -> Problem | None:
    """A draft, or an approved order of which nothing was shipped, can be cancelled."""
    if state == "draft" or (state == "approved" and not shipped):
        return None
    because_en = "some of it is shipped" if state == "approved" else f"it is {state}"
    because_zh = "已有部分出库" if state == "approved" else f"状态为{STATES_ZH[state]}"
    return conflict(
        "sales-order-not-cancellable",
        f"{number} cannot be cancelled: {because_en}.",
        f"{number} 不能作废：{because_zh}。",
    )


def close_refusal(number: str, state: str, shipped: bool) -> Problem | None:
    """Only the rest of an approved order of which something was shipped is closed (关闭剩余); without, it is cancelled."""
    if state == "approved" and shipped:
        return None
    if state == "approved":
        because_en, because_zh = "nothing of it is shipped; cancel it", "尚未出库，请作废该订单"
    else:
        because_en, because_zh = f"it is {state}", f"状态为{STATES_ZH[state]}"
    return conflict(
        "sales-order-not-closable",
        f"The rest of {number} cannot be closed: {because_en}.",
        f"{number} 不能关闭剩余：{because_zh}。",
    )
