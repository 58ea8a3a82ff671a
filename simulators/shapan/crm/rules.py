"""The CRM's business rules (业务规则), pure: amounts of an order, its states, and what is refused with which words.

Refusals are values: a list of faults, or a Problem or None. Money is integer fen, a quantity integer thousandths, a tax rate
integer basis points, as everywhere inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapan.kernel import uscc
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import Tax, divide_half_up, fen_from_number, split_gross, text_from_fen

MAX_ORDER_FEN = 1_000_000_000_000
"""An order's largest gross sum, 10,000,000,000 yuan: beyond it is a slip of the hand, and JSON numbers lose their fen at 9e13."""

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"confirmed", "cancelled"}),
    "confirmed": frozenset({"cancelled"}),
    "cancelled": frozenset(),
}
"""State of an order (订单状态) -> the states that may follow it."""

CHANGEABLE: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"lines", "note", "requestedDeliveryDate"}),
    "confirmed": frozenset({"deliveryStatus"}),
    "cancelled": frozenset(),
}
"""State of an order -> the members that a PATCH may change."""

STATE_NAMES = {"draft": "草稿", "confirmed": "已确认", "cancelled": "已取消"}


class Product(NamedTuple):
    """A product of the price list; the price is per sales unit and includes tax."""

    code: str
    name: str
    spec: str
    unit: str
    list_price_fen: int
    tax_rate_bp: int


class Line(NamedTuple):
    """A line of an order (订单行) with its amounts, numbered from 1."""

    line_number: int
    product_code: str
    product_name: str
    unit: str
    quantity_milli: int
    unit_price_fen: int
    tax_rate_bp: int
    net_fen: int
    tax_fen: int

    @property
    def gross_fen(self) -> int:
        """Net and tax together (价税合计), in fen."""
        return self.net_fen + self.tax_fen


def price_line(number: int, product: Product, quantity: int, unit_price_fen: int) -> Line:
    """Line `number` of `quantity` whole sales units: gross = quantity x price, split into net and tax at the product's rate."""
    quantity_milli = quantity * 1000
    amount = split_gross(divide_half_up(quantity_milli * unit_price_fen, 1000), product.tax_rate_bp)
    return Line(
        number,
        product.code,
        product.name,
        product.unit,
        quantity_milli,
        unit_price_fen,
        product.tax_rate_bp,
        amount.net,
        amount.tax,
    )


def price_lines(wanted: Sequence[Mapping[str, Any]], products: Mapping[str, Product]) -> tuple[list[Line], list[Fault]]:
    """The lines as ordered (wire form of `OrderLineNew`, already valid), priced, and every fault in them.

    A line without `unitPrice` takes the list price. Faults: products that are not in `products`, and a sum beyond MAX_ORDER_FEN.
    """
    lines: list[Line] = []
    faults: list[Fault] = []
    for index, line in enumerate(wanted):
        product = products.get(line["productCode"])
        if product is None:
            faults.append(
                Fault(
                    f"/lines/{index}/productCode",
                    f"There is no product {line['productCode']}. Take the code from the price list.",
                    f"没有商品 {line['productCode']}，请从价目表中选取编码。",
                )
            )
            continue
        price = fen_from_number(line["unitPrice"]) if "unitPrice" in line else product.list_price_fen
        lines.append(price_line(index + 1, product, line["quantity"], price))
    gross = total(lines).gross
    if gross > MAX_ORDER_FEN:
        faults.append(
            Fault(
                "/lines",
                f"The order comes to {text_from_fen(gross)} yuan; at most {text_from_fen(MAX_ORDER_FEN)} is taken. Check prices "
                "and quantities, or split it.",
                f"订单合计 {text_from_fen(gross)} 元，超过上限 {text_from_fen(MAX_ORDER_FEN)} 元，请核对单价和数量或拆单。",
            )
        )
    return lines, faults


def total(lines: Iterable[Line]) -> Tax:
    """The header of an order: the sums of its lines, never computed anew from the gross sum."""
    net = tax = 0
    for line in lines:
        net += line.net_fen
        tax += line.tax_fen
    return Tax(net, tax)


def submit_refusal(number: str, state: str) -> Problem | None:
    """Why an order in `state` cannot be submitted (提交), or None."""
    if "confirmed" in TRANSITIONS[state]:
        return None
    return conflict(
        "order-not-draft",
        f"Order {number} is {state}; only a draft can be submitted. Read the order to see what happened to it.",
        f"订单 {number} 的状态是“{STATE_NAMES[state]}”，只有草稿可以提交；请重新读取该订单。",
    )


def cancel_refusal(number: str, state: str, delivery_status: str) -> Problem | None:
    """Why an order cannot be cancelled (取消), or None: only while nothing of it is delivered, and only once."""
    if "cancelled" not in TRANSITIONS[state]:
        return conflict(
            "order-not-cancellable",
            f"Order {number} is {state} already. There is nothing to do.",
            f"订单 {number} 已是“{STATE_NAMES[state]}”状态，无需再次取消。",
        )
    if delivery_status != "none":
        return conflict(
            "order-not-cancellable",
            f"Goods of order {number} were delivered already (deliveryStatus {delivery_status}). Take them back as a return instead.",
            f"订单 {number} 已发货（发货状态 {delivery_status}），不能取消；请走退货流程。",
        )
    return None


def change_problem(number: str, state: str) -> Problem | None:
    """Why nothing of an order may be changed, or None."""
    if CHANGEABLE[state]:
        return None
    return conflict(
        "order-cancelled",
        f"Order {number} is cancelled and takes no changes. Enter a new order.",
        f"订单 {number} 已取消，不能再修改；请另建订单。",
    )


def change_faults(state: str, members: Collection[str]) -> list[Fault]:
    """A fault for every member that may not change while the order is in `state`."""
    allowed = CHANGEABLE[state]
    return [
        Fault(
            f"/{member}",
            f"{member} of an order cannot change while it is {state}; only {', '.join(sorted(allowed))} can.",
            f"订单处于“{STATE_NAMES[state]}”状态时不能修改 {member}，只能修改 {'、'.join(sorted(allowed))}。",
        )
        for member in members
        if member not in allowed
    ]


def customer_faults(body: Mapping[str, Any]) -> list[Fault]:
    """Faults of a customer that is entered or changed: a credit code whose check characters are wrong (GB 32100-2015)."""
    code = body.get("unifiedSocialCreditCode")
    if code is None or uscc.check(code):
        return []
    return [
        Fault(
            "/unifiedSocialCreditCode",
            f"The check characters of {code} are wrong; it is no unified social credit code. Compare it with the business licence.",
            f"{code} 的校验码不正确，不是有效的统一社会信用代码，请对照营业执照核对。",
        )
    ]


def balance_refusal(code: str, stored_as_of: str | None, as_of: str) -> Problem | None:
    """Why a reported balance is not taken, or None. Both times are texts of `kernel.clock.rfc3339`, which sort as the times do."""
    if stored_as_of is None or as_of >= stored_as_of:
        return None
    return conflict(
        "balance-outdated",
        f"The balance of customer {code} is as of {stored_as_of}; the one reported, as of {as_of}, is older. Nothing was changed; "
        "leave it at that, or ask finance again.",
        f"客户 {code} 的欠款数据截至 {stored_as_of}，本次上报截至 {as_of}，早于已有数据，未作修改；可忽略，或重新向财务系统取数。",
    )
