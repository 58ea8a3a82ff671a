"""Business rules of the SCM (业务规则), pure: amounts of a line, reservation, shares of part shipments, what a state allows.

Refusals come back as values: a list of faults, or a Problem that the operation raises. Quantities are thousandths of the base unit
("milli"), unit prices 1/10000 yuan ("e4"), amounts fen, tax rates basis points; see kernel/money.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict, refused
from shapan.kernel.money import (
    Tax,
    divide_half_up,
    e4_from_text,
    fen_from_text,
    milli_from_text,
    rate_from_text,
    share,
    split_net,
    text_from_fen,
    text_from_milli,
)

# What the contract lets in as a quantity in base units; a conversion must not pass it either. Both bounds keep sums far inside 64 bits.
MAX_QUANTITY_MILLI = 9_999_999_999_999
MAX_ORDER_FEN = 1_000_000_000_000

_STATES_ZH = {"draft": "草稿", "approved": "已审核", "closed": "已关闭", "cancelled": "已作废", "shipped": "已出库"}


# --- Amounts and units of an order line ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as it is kept: quantity and price by base unit, amounts as entered or computed."""

    product_code: str
    quantity_milli: int
    unit_price_e4: int
    rate_bp: int
    amount: Tax
    source_line: int | None


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
    """An order is not dated in the future."""
    if day <= today:
        return []
    return [Fault("/order_date", f"{day} is after today, {today}.", f"订单日期 {day} 晚于今天 {today}。")]


def ship_date_fault(day: date, order_date: date, today: date) -> list[Fault]:
    """Goods leave neither before they were ordered nor in the future."""
    if day > today:
        return [Fault("/ship_date", f"{day} is after today, {today}.", f"出库日期 {day} 晚于今天 {today}。")]
    if day < order_date:
        return [
            Fault(
                "/ship_date",
                f"{day} is before the order date, {order_date}.",
                f"出库日期 {day} 早于订单日期 {order_date}。",
            )
        ]
    return []


# --- Reservation and back-order -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Demand:
    """What a line of an approved order still waits for."""

    line_no: int
    product_code: str
    waiting_milli: int


def backorder(state: str, quantity_milli: int, reserved_milli: int, shipped_milli: int) -> int:
    """What is approved and still without stock (缺货量). Nothing waits before approval or after cancellation."""
    return quantity_milli - reserved_milli - shipped_milli if state == "approved" else 0


def allocate(demands: Iterable[Demand], available: Mapping[str, int]) -> dict[int, int]:
    """Line -> what to reserve for it now (预留), first line first; lines that get nothing are left out.

    `available` is on hand less reserved by product, so reserved can never pass on hand.
    """
    left = dict(available)
    granted: dict[int, int] = {}
    for demand in demands:
        part = min(demand.waiting_milli, left.get(demand.product_code, 0))
        if part > 0:
            granted[demand.line_no] = part
            left[demand.product_code] -= part
    return granted


def issue_refusal(product_code: str, warehouse_code: str, wanted_milli: int, available_milli: int) -> Problem | None:
    """409 when an issue asks for more than is available (可用量), which keeps stock and reservations whole."""
    if wanted_milli <= available_milli:
        return None
    wanted, available = text_from_milli(wanted_milli), text_from_milli(available_milli)
    return conflict(
        "insufficient-stock",
        f"Warehouse {warehouse_code} has {available} of {product_code} available, {wanted} were asked for. "
        "Issue less, or release reservations first.",
        f"仓库 {warehouse_code} 中 {product_code} 的可用量为 {available}，不足 {wanted}。请减少数量或先释放预留。",
    )


# --- Deliveries ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliverable:
    """What of an order line can go on a new delivery. `left_milli`: ordered, neither shipped nor on a draft delivery;
    `ready_milli`: reserved and not on a draft delivery."""

    line_no: int
    left_milli: int
    ready_milli: int


def plan_delivery(
    number: str, wanted: Sequence[tuple[int, int]] | None, lines: Sequence[Deliverable]
) -> dict[int, int] | Problem:
    """Line -> quantity of a new delivery, or the refusal that names every line at fault.

    `wanted` are (line, quantity) as asked; None asks for everything that is ready.
    """
    if wanted is None:
        ready = {line.line_no: line.ready_milli for line in lines if line.ready_milli > 0}
        return ready or conflict(
            "nothing-to-deliver",
            f"Nothing of {number} is reserved that is not on another draft delivery. Receive stock and allocate the order, "
            "or ship the drafts there are.",
            f"{number} 没有可出库的预留量（或已在其他出库单草稿上）。请先入库并重新预留，或处理已有草稿。",
        )
    known = {line.line_no: line for line in lines}
    seen: set[int] = set()
    faults: list[Fault] = []
    short: list[Fault] = []
    for index, (line_no, quantity) in enumerate(wanted):
        line = known.get(line_no)
        if line is None:
            faults.append(
                Fault(f"/lines/{index}/line_no", f"{number} has no line {line_no}.", f"{number} 没有第 {line_no} 行。")
            )
        elif line_no in seen:
            faults.append(Fault(f"/lines/{index}/line_no", f"Line {line_no} is given twice.", f"第 {line_no} 行重复。"))
        elif quantity > line.left_milli:
            left = text_from_milli(line.left_milli)
            faults.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Line {line_no} has only {left} left.",
                    f"第 {line_no} 行只剩 {left} 未出库。",
                )
            )
        elif quantity > line.ready_milli:
            ready_text = text_from_milli(line.ready_milli)
            short.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Line {line_no} has only {ready_text} reserved.",
                    f"第 {line_no} 行仅预留了 {ready_text}。",
                )
            )
        seen.add(line_no)
    if faults:
        return refused([*faults, *short])
    if short:
        return Problem(
            409,
            "insufficient-stock",
            "The current state does not allow this",
            f"{number} has less reserved than asked for; see errors. Deliver less, or receive stock and allocate the order.",
            f"{number} 的预留量不足，详见 errors。请减少数量，或先入库并重新预留。",
            tuple(short),
        )
    return dict(wanted)


def shipment_share(total: Tax, whole_milli: int, shipped_before_milli: int, given_before: Tax, part_milli: int) -> Tax:
    """Net and tax of a part shipment (部分出库) of an order line; over all parts they add up to the line exactly."""
    cumulative = shipped_before_milli + part_milli
    return Tax(
        share(total.net, cumulative, whole_milli, given_before.net),
        share(total.tax, cumulative, whole_milli, given_before.tax),
    )


# --- What a state allows ------------------------------------------------------------------------------------------------------


def approve_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is approved."""
    if state == "draft":
        return None
    return conflict(
        "sales-order-not-draft",
        f"{number} is {state}, and only a draft can be approved. Read it to see what was done.",
        f"{number} 的状态为{_STATES_ZH[state]}，只有草稿可以审核。请先查询该单据。",
    )


def not_approved_refusal(number: str, state: str) -> Problem | None:
    """Only an approved order is allocated and delivered."""
    if state == "approved":
        return None
    return conflict(
        "sales-order-not-approved",
        f"{number} is {state}; this needs an approved order.",
        f"{number} 的状态为{_STATES_ZH[state]}，该操作要求订单已审核。",
    )


def cancel_refusal(number: str, state: str, shipped: bool) -> Problem | None:
    """A draft, or an approved order of which nothing was shipped, can be cancelled."""
    if state == "draft" or (state == "approved" and not shipped):
        return None
    because_en = "some of it is shipped" if state == "approved" else f"it is {state}"
    because_zh = "已有部分出库" if state == "approved" else f"状态为{_STATES_ZH[state]}"
    return conflict(
        "sales-order-not-cancellable",
        f"{number} cannot be cancelled: {because_en}.",
        f"{number} 不能作废：{because_zh}。",
    )


def delivery_refusal(number: str, state: str) -> Problem | None:
    """Only a draft delivery is shipped or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "delivery-not-draft",
        f"{number} is {state}; only a draft can be shipped or cancelled. Read it to see what was done.",
        f"{number} 的状态为{_STATES_ZH[state]}，只有草稿可以出库或作废。请先查询该单据。",
    )
