"""Amounts of a sales order (销售订单), its states, and what is refused of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from shapan.crm.rules.prices import GIVEN, LIST_PRICE, Offer, Price, find
from shapan.crm.rules.products import Product
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import Tax, divide_half_up, fen_from_number, split_gross, text_from_fen

MAX_ORDER_FEN = 1_000_000_000_000
"""An order's largest gross sum, 10,000,000,000 yuan: beyond it is a slip of the hand, and JSON numbers lose their fen at 9e13."""

FULL_BP = 10_000
"""The whole (100 %) in basis points."""

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"pendingApproval", "confirmed", "cancelled"}),
    "pendingApproval": frozenset({"confirmed", "rejected", "cancelled"}),
    "rejected": frozenset({"draft", "cancelled"}),
    "confirmed": frozenset({"pendingApproval", "cancelled"}),
    "cancelled": frozenset(),
}
"""State of an order (订单状态) -> the states that may follow it. A confirmed order waits for approval when it was changed."""

CHANGEABLE: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"lines", "note", "requestedDeliveryDate"}),
    "pendingApproval": frozenset(),
    "rejected": frozenset({"lines", "note", "requestedDeliveryDate"}),
    "confirmed": frozenset({"deliveryStatus", "deliveredLines"}),
    "cancelled": frozenset(),
}
"""State of an order -> the members that a PATCH may change."""

STATE_NAMES = {
    "draft": "草稿",
    "pendingApproval": "待审批",
    "rejected": "已驳回",
    "confirmed": "已确认",
    "cancelled": "已取消",
}


class Line(NamedTuple):
    """A line of an order (订单行) with its amounts, numbered from 1. The discount (折扣) is in basis points, 1250 for 12.5 %."""

    line_number: int
    product_code: str
    product_name: str
    unit: str
    quantity_milli: int
    unit_price_fen: int
    tax_rate_bp: int
    net_fen: int
    tax_fen: int
    discount_bp: int = 0
    price_source: str = LIST_PRICE

    @property
    def gross_fen(self) -> int:
        """Net and tax together (价税合计), in fen."""
        return self.net_fen + self.tax_fen


def price_line(number: int, product: Product, quantity: int, price: Price, discount_bp: int = 0) -> Line:
    """Line `number` of `quantity` whole sales units: gross = quantity x price x (1 - discount), rounded half up to the fen once.

    Net and tax are split off the gross amount at the product's rate. A discount of 10,000 bp gives the goods away.
    """
    quantity_milli = quantity * 1000
    gross = divide_half_up(quantity_milli * price.fen * (FULL_BP - discount_bp), 1000 * FULL_BP)
    amount = split_gross(gross, product.tax_rate_bp)
    return Line(
        number,
        product.code,
        product.name,
        product.unit,
        quantity_milli,
        price.fen,
        product.tax_rate_bp,
        amount.net,
        amount.tax,
        discount_bp,
        price.source,
    )


def price_lines(
    wanted: Sequence[Mapping[str, Any]],
    products: Mapping[str, Product],
    offers: Mapping[str, Sequence[Offer]] = MappingProxyType({}),
    agreed: Sequence[Line] = (),
) -> tuple[list[Line], list[Fault]]:
    """The lines as ordered (wire form of `OrderLineNew`, already valid), priced, and every fault in them.

    A line without `unitPrice` takes the price of the customer's price list (`offers`, by product code), or else the list price. One of
    `agreed` (a change that does not touch its price and discount) keeps its price, whatever its product costs since, and can become less
    of a product that is discontinued. Faults: products that are not in `products`, those that are discontinued, and a sum beyond
    MAX_ORDER_FEN.
    """
    lines: list[Line] = []
    faults: list[Fault] = []
    rest = list(agreed)
    for index, line in enumerate(wanted):
        before = next((one for one in rest if _says(line, one)), None)
        if before is not None:
            rest.remove(before)
            if line["quantity"] * 1000 == before.quantity_milli:
                lines.append(before._replace(line_number=index + 1))
                continue
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
        if product.state != "active" and (before is None or line["quantity"] * 1000 > before.quantity_milli):
            faults.append(
                Fault(
                    f"/lines/{index}/productCode",
                    f"Product {product.code} is {product.state} and is not sold any more. Choose another product.",
                    f"商品 {product.code} 已停售，请选择其他商品。",
                )
            )
            continue
        if before is not None:
            price = Price(before.unit_price_fen, before.price_source)
        elif "unitPrice" in line:
            price = Price(fen_from_number(line["unitPrice"]), GIVEN)
        else:
            price = find(product, line["quantity"], offers.get(product.code, ()))
        discount_bp = hundredths(line.get("discountPercent", 0))
        lines.append(price_line(index + 1, product, line["quantity"], price, discount_bp))
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


def _says(wanted: Mapping[str, Any], line: Line) -> bool:
    """Whether a wanted line is one that was agreed, in whatever quantity; a price that is not named is the one that was agreed."""
    return (
        wanted["productCode"] == line.product_code
        and hundredths(wanted.get("discountPercent", 0)) == line.discount_bp
        and ("unitPrice" not in wanted or fen_from_number(wanted["unitPrice"]) == line.unit_price_fen)
    )


def line_from_wire(line: Mapping[str, Any]) -> Line:
    """The line that `OrderLine` shows, to the fen."""
    return Line(
        line["lineNumber"],
        line["productCode"],
        line["productName"],
        line["unit"],
        line["quantity"] * 1000,
        fen_from_number(line["unitPrice"]),
        round(line["taxRate"] * FULL_BP),
        fen_from_number(line["netAmount"]),
        fen_from_number(line["taxAmount"]),
        hundredths(line["discountPercent"]),
        line["priceSource"],
    )


def hundredths(percent: float) -> int:
    """A percentage of the wire, with at most two decimals, in basis points: 12.5 -> 1250."""
    return fen_from_number(percent)


def total(lines: Iterable[Line]) -> Tax:
    """The header of an order: the sums of its lines, never computed anew from the gross sum."""
    net = tax = 0
    for line in lines:
        net += line.net_fen
        tax += line.tax_fen
    return Tax(net, tax)


def submit_refusal(number: str, state: str) -> Problem | None:
    """Why an order in `state` cannot be submitted (提交), or None."""
    if state == "draft":
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


def close_refusal(number: str, state: str, delivery_status: str, closed_at: str | None) -> Problem | None:
    """Why the rest of an order cannot be closed (关闭剩余), or None: once, while a part of a confirmed order is delivered."""
    if state == "confirmed" and delivery_status == "partial" and closed_at is None:
        return None
    if closed_at is not None:
        en, zh = "Its rest is closed already; there is nothing to do.", "其剩余部分已关闭，无需再次关闭。"
    elif state == "confirmed" and delivery_status == "complete":
        en, zh = "All of it is delivered; there is no rest.", "已全部发货，没有剩余部分。"
    elif "cancelled" in TRANSITIONS[state]:
        en, zh = f"It is {state} and nothing of it is delivered; cancel it instead.", "尚未发货，请改为取消订单。"
    else:
        en, zh = f"It is {state}.", f"订单状态是“{STATE_NAMES[state]}”。"
    return conflict(
        "order-not-closable", f"The rest of order {number} cannot be closed. {en}", f"订单 {number} 不能关闭剩余：{zh}"
    )


def revise_refusal(number: str, state: str, delivery_status: str) -> Problem | None:
    """Why a confirmed order cannot get a new revision (变更), or None: only while it is confirmed and nothing is delivered."""
    if state != "confirmed":
        return conflict(
            "order-not-changeable",
            f"Order {number} is {state}; only a confirmed one is changed with a reason. Change a draft or a rejected one by PATCH.",
            f"订单 {number} 的状态是“{STATE_NAMES[state]}”，只有已确认的订单可以变更；草稿和已驳回的订单请直接修改。",
        )
    if delivery_status != "none":
        return conflict(
            "order-not-changeable",
            f"Goods of order {number} were delivered already (deliveryStatus {delivery_status}). Enter another order for what is added, "
            "and a return for what comes back.",
            f"订单 {number} 已发货（发货状态 {delivery_status}），不能变更；增加的部分请另建订单，退回的部分请走退货流程。",
        )
    return None


def change_refusal(number: str, state: str) -> Problem | None:
    """Why nothing of an order may be changed by PATCH, or None."""
    if CHANGEABLE[state]:
        return None
    if state == "pendingApproval":
        return conflict(
            "order-pending-approval",
            f"Order {number} waits for approval and takes no changes. Have it decided, or cancel it.",
            f"订单 {number} 正在审批，不能修改；请先审批，或取消该订单。",
        )
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
