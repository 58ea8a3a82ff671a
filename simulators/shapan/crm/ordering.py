"""What several operations do with orders (订单处理): price lines, ask who must approve, show an order, tell the others.

Operations are thin and know each other not; what two of them share stands here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shapan.crm import rules, views
from shapan.crm.inputs import uuid_key
from shapan.crm.rules.approvals import Needed
from shapan.crm.rules.credit import Credit
from shapan.crm.rules.orders import Line
from shapan.crm.rules.prices import GIVEN, find
from shapan.crm.store import approvals, customers, orders, price_lists, products
from shapan.crm.store import credit as credits
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import etag
from shapan.kernel.system import Answer, Context, ok


def load(ctx: Context, order_id: str) -> sqlite3.Row:
    """The order with this id (a UUID in either case); 404 when there is none."""
    row = orders.find(ctx.db, uuid_key(order_id))
    if row is None:
        raise not_found("order", "订单", order_id)
    return row


def customer_of(ctx: Context, order: sqlite3.Row) -> sqlite3.Row:
    """The customer of an order, as it is now."""
    customer = customers.find(ctx.db, order["customer_id"])
    assert customer is not None, "a foreign key sees to it"
    return customer


def priced(
    ctx: Context, customer: sqlite3.Row | None, wanted: Sequence[dict[str, Any]], agreed: Sequence[Line] = ()
) -> tuple[list[Line], list[Fault]]:
    """Lines as wanted (wire form), at the prices of today for this customer, and every fault in them; what was `agreed` stays."""
    codes = {line["productCode"] for line in wanted}
    offers = {}
    if customer is not None:
        offers = price_lists.offers_of(ctx.db, customer["price_list_id"], ctx.today, codes)
    return rules.orders.price_lines(wanted, products.price_list(ctx.db, codes), offers, agreed)


class Change(NamedTuple):
    """What becomes of an order's content, and what it was."""

    requested_delivery_date: str | None
    note: str | None
    lines: list[Line]
    former_lines: list[Line]
    header_differs: bool

    @property
    def lines_differ(self) -> bool:
        """Whether any line differs."""
        return self.lines != self.former_lines

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        return self.header_differs or self.lines_differ


def change(ctx: Context, row: sqlite3.Row, body: Mapping[str, Any]) -> Change:
    """What `requestedDeliveryDate`, `note` and `lines` of a body make of an order; absent ones stay. 422 with every fault of the lines.

    The lines of a draft are priced anew, those of a confirmed order are agreed.
    """
    former = orders.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    agreed = former if row["state"] == "confirmed" else ()
    lines = former
    if "lines" in body:
        lines, faults = priced(ctx, customer_of(ctx, row), body["lines"], agreed)
        if faults:
            raise refused(faults)
    before = (row["requested_delivery_date"], row["note"])
    after = (body.get("requestedDeliveryDate", before[0]), body.get("note", before[1]))
    return Change(*after, lines, former, after != before)


def credit_of(ctx: Context, customer: sqlite3.Row, without: int | None = None) -> Credit:
    """A customer's credit now, the order with the seq `without` left out. Open orders are summed up only where a limit is set."""
    limit = customer["credit_limit_fen"]
    ordered = 0 if limit is None else credits.open_orders(ctx.db, customer["id"], without).gross_fen
    return Credit(limit, customer["credit_hold"], customer["open_fen"], customer["overdue_fen"], ordered)


def approval_needed(
    ctx: Context, customer: sqlite3.Row, lines: Sequence[Line], order_seq: int | None = None
) -> list[Needed]:
    """Who must approve an order with these lines, and why; nobody, an empty list. `order_seq` is that of an order that counts already."""
    policy = approvals.policy(ctx.db)
    if not policy.steps:
        return []
    discount_bp = max(line.discount_bp for line in lines)
    if policy.discount_basis == rules.approvals.EFFECTIVE:
        discount_bp = max(discount_bp, _effective_discount(ctx, customer, lines))
    credit = credit_of(ctx, customer, order_seq)
    return rules.approvals.needed(policy.steps, discount_bp, rules.orders.total(lines).gross, credit)


def _effective_discount(ctx: Context, customer: sqlite3.Row, lines: Sequence[Line]) -> int:
    # A price that was found is no discount, even if another one would be found now.
    given = [line for line in lines if line.price_source == GIVEN]
    codes = {line.product_code for line in given}
    offers = price_lists.offers_of(ctx.db, customer["price_list_id"], ctx.today, codes)
    known = products.price_list(ctx.db, codes)
    found = [
        find(known[line.product_code], line.quantity_milli // 1000, offers.get(line.product_code, ())) for line in given
    ]
    return max(map(rules.approvals.effective_discount, given, (price.fen for price in found)), default=0)


def ask(ctx: Context, order_seq: int, needed: Sequence[Needed]) -> int:
    """Write down the steps of a new approval and return its number; 0 when none is needed."""
    if not needed:
        return 0
    approval_round = approvals.next_round(ctx.db, order_seq)
    approvals.insert(ctx.db, order_seq, approval_round, needed, ctx.timestamp)
    return approval_round


def shown(ctx: Context, row: sqlite3.Row, lines: Sequence[Line] | None = None) -> dict[str, Any]:
    """`Order` of the contract; the lines are read unless they are at hand."""
    if lines is None:
        lines = orders.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    return views.orders.order(
        row, lines, orders.delivered_of(row), approvals.steps_of(ctx.db, [row]).get(row["seq"], ())
    )


def answered(ctx: Context, row: sqlite3.Row, lines: Sequence[Line] | None = None, *events: str) -> Answer:
    """200 with an order, after these events with it as their document."""
    order = shown(ctx, row, lines)
    for event in events:
        ctx.emit(event, row["number"], order)
    return ok(order, etag=etag(row["version"]))
