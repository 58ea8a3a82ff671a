"""A supplier invoice on its way into the books (采购发票过账): what it names, what it matches, and what it posts."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.posting import Document, post_documents
from shapan.finance.registering import subject
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.periods import period_of
from shapan.finance.rules.posting import Part
from shapan.finance.rules.purchasing import (
    InvoiceLine,
    Key,
    Match,
    OrderLine,
    ReceiptLine,
    Received,
    red_part,
    three_way_match,
)
from shapan.finance.store import accounts as account_store
from shapan.finance.store import goods_receipts as receipt_store
from shapan.finance.store import payables as payable_store
from shapan.finance.store import purchase_orders as order_store
from shapan.finance.store import supplier_invoices as store
from shapan.finance.store.query import draw_number
from shapan.kernel.system import Context

STOCK_ROLES = {"goods": "inventory", "materials": "raw_material"}
"""Class of stock (存货类别) -> role of its account."""

POSTED = ("matched", "released")


@dataclass(frozen=True, slots=True)
class Named:
    """What the lines of an invoice name: goods that came in, and order lines, those of the goods too."""

    received: Received
    orders: Mapping[Key, OrderLine]

    def rates(self, line: InvoiceLine) -> frozenset[int]:
        """The tax rates of the goods that a line stands for, in basis points: right once, even if they do not hold any more."""
        received = [found.rate_bp for found in self.received.of(line)]
        ordered = [self.orders[line.order].rate_bp] if line.order is not None and line.order in self.orders else []
        return frozenset([*received, *ordered])


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of an invoice that is posted, with what it stands for: (receipt line, thousandths), negative in a red invoice.

    A service stands for no goods.
    """

    line_no: int
    line: InvoiceLine
    allocations: Sequence[tuple[ReceiptLine, int]]


def stock_account(db: sqlite3.Connection, stock_class: str) -> str:
    """The inventory account of a class of stock in these books."""
    return account_store.role(db, STOCK_ROLES[stock_class])


def named(db: sqlite3.Connection, lines: Sequence[InvoiceLine]) -> Named:
    """Read what the lines name, as far as it exists."""
    direct = receipt_store.receipt_lines(db, (line.receipt for line in lines if line.receipt is not None))
    wanted = {line.order for line in lines if line.order is not None}
    of_receipts = {line.order for line in direct.values() if line.order is not None}
    orders = order_store.order_lines(db, wanted | of_receipts)
    of_orders: dict[Key, Sequence[ReceiptLine]] = {}
    for order_id in {key[0] for key in wanted & orders.keys()}:
        for line in receipt_store.lines_of_order(db, order_id):
            if line.order in wanted:
                of_orders[line.order] = (*of_orders.get(line.order, ()), line)
    return Named(Received(direct, of_orders), orders)


def matched(db: sqlite3.Connection, lines: Sequence[InvoiceLine]) -> Match:
    """Match lines whose references are right with what has come in by now."""
    found = named(db, lines)
    return three_way_match(lines, found.received, found.orders, store.tolerance(db))


def days_of_goods(db: sqlite3.Connection, match: Match) -> list[date]:
    """When the goods came in that an invoice uses; it is not posted before them."""
    return receipt_store.days_of(db, (receipt_id for line in match.lines for (receipt_id, _), _ in line.allocations))


def booked_by_match(db: sqlite3.Connection, lines: Mapping[int, InvoiceLine], match: Match) -> list[Booked]:
    """The lines of a blue invoice as they are posted."""
    keys = (key for line in match.lines for key, _ in line.allocations)
    receipts = receipt_store.receipt_lines(db, keys)
    return [
        Booked(line_no, line, [(receipts[key], quantity) for key, quantity in result.allocations])
        for (line_no, line), result in zip(lines.items(), match.lines, strict=True)
    ]


def booked_in_red(
    db: sqlite3.Connection, blue: sqlite3.Row, lines: Mapping[int, sqlite3.Row], quantities: Mapping[int, int]
) -> list[Booked]:
    """The lines of a red invoice that takes back `quantities` (line number -> thousandths) of a blue one: negative shares of its amounts."""
    allocations = store.allocations_of(db, [blue["id"]])
    taken = store.taken_back(db, blue["id"])
    keys = [(a["goods_receipt_id"], a["goods_receipt_line_no"]) for found in allocations.values() for a in found]
    receipts = receipt_store.receipt_lines(db, keys)
    made = []
    for line_no, quantity in quantities.items():
        row = lines[line_no]
        whole, already = row["quantity_milli"], row["red_milli"]
        net, tax, to_cost = (red_part(row[n], already, quantity, whole) for n in ("net_fen", "tax_fen", "to_cost_fen"))
        line = dataclasses.replace(store.invoice_line(row), quantity=-quantity, net=-net, tax=-tax, to_cost=-to_cost)
        parts, rest = [], quantity
        for allocation in allocations.get((blue["id"], line_no), ()):
            key = (allocation["goods_receipt_id"], allocation["goods_receipt_line_no"])
            part = min(rest, allocation["quantity_milli"] - taken.get((line_no, key), 0))
            if part:
                parts.append((receipts[key], -part))
                rest -= part
        made.append(Booked(line_no, line, parts))
    return made


def post_invoice(
    ctx: Context,
    invoice_id: int,
    lines: Sequence[Booked],
    day: date,
    *,
    state: str,
    differences: Sequence[Mapping[str, Any]] = (),
    reason: str | None = None,
    released_by: str | None = None,
) -> dict[str, Any]:
    """Post an invoice that was entered: voucher, payable, and what it uses of the receipts; the invoice as it shows itself then."""
    row = store.get(ctx.db, invoice_id)
    assert row is not None  # it was entered, or read, in this transaction
    net, tax = sum(booked.line.net for booked in lines), sum(booked.line.tax for booked in lines)
    period = period_of(day)
    voucher_id = post_documents(ctx.db, _documents(ctx.db, row, lines, day), ctx.timestamp)
    store.decide(ctx.db, invoice_id, state, differences, reason, released_by)
    store.mark_posted(ctx.db, invoice_id, day.isoformat(), period, row["due_date"], voucher_id, ctx.timestamp)
    for booked in lines:
        for receipt, quantity in booked.allocations:
            # Read anew: an earlier line of this invoice may have used of it.
            current = receipt_store.receipt_lines(ctx.db, [receipt.key])[receipt.key]
            value = current.value(current.used + quantity) - current.value(current.used)
            store.allocate(ctx.db, invoice_id, booked.line_no, receipt.key, quantity, value)
            receipt_store.use(ctx.db, current, invoiced=quantity)
    payable_id = payable_store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "YF", period),
            "supplier_id": row["supplier_id"],
            "business_date": day.isoformat(),
            "due_date": row["due_date"],
            "period": period,
            "summary": row["summary"],
            "net_fen": net,
            "tax_fen": tax,
            "gross_fen": net + tax,
            "opening": 0,
            "supplier_invoice_id": invoice_id,
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
    )
    view = invoice_view(ctx.db, invoice_id)
    payable = payable_store.get(ctx.db, payable_id)
    assert payable is not None
    ctx.emit("finance.supplier_invoice.posted", subject(row["supplier_id"]), view)
    ctx.emit("finance.payable.posted", subject(row["supplier_id"]), views.payables.payable(payable))
    return view


def invoice_view(db: sqlite3.Connection, invoice_id: int) -> dict[str, Any]:
    """An invoice that exists, as it shows itself."""
    row = store.get(db, invoice_id)
    assert row is not None
    lines = store.lines_of(db, [invoice_id])[invoice_id]
    return views.supplier_invoices.supplier_invoice(row, lines, store.allocations_of(db, [invoice_id]))


def _documents(db: sqlite3.Connection, row: sqlite3.Row, lines: Sequence[Booked], day: date) -> list[Document]:
    """What an invoice posts: goods by one posting rule and services by another, together one voucher."""
    goods = [booked for booked in lines if booked.line.expense is None]
    services = [booked for booked in lines if booked.line.expense is not None]
    groups = (
        ("supplier_invoice", goods, _goods_parts(db, goods)),
        ("expense_invoice", services, _service_parts(services)),
    )
    # A small part that is taken back in red can be worth nothing, and then makes no entry.
    return [
        _document(kind, row, group, day, parts)
        for kind, group, parts in groups
        if any(booked.line.net or booked.line.tax for booked in group)
    ]


def _goods_parts(db: sqlite3.Connection, lines: Sequence[Booked]) -> list[Part]:
    parts: list[Part] = []
    for booked in lines:
        line, (receipt, _) = booked.line, booked.allocations[0]
        product = Dimensions(product_code=receipt.product_code)
        accounts = {"stock_account": stock_account(db, receipt.stock_class)}
        stock = {"to_stock": line.net - line.to_cost, "to_stock_gross": line.net + line.tax - line.to_cost}
        parts.append(Part(stock, product, line.quantity, accounts))
        # Apart from the stock, because it has no quantity.
        parts.append(Part({"to_cost": line.to_cost}, product, None, accounts))
    return parts


def _service_parts(lines: Sequence[Booked]) -> list[Part]:
    """Without quantity, because freight adds to the value of goods and not to their number."""
    return [
        Part(
            {"cost": booked.line.net, "cost_gross": booked.line.net + booked.line.tax},
            expense.dimensions,
            None,
            {"expense_account": expense.account_code},
        )
        for booked in lines
        if (expense := booked.line.expense) is not None
    ]


def _document(kind: str, row: sqlite3.Row, lines: Sequence[Booked], day: date, parts: Sequence[Part]) -> Document:
    net, tax = sum(booked.line.net for booked in lines), sum(booked.line.tax for booked in lines)
    to_cost = sum(booked.line.to_cost for booked in lines)
    return Document(
        kind if row["invoice_kind"] == "special" else f"{kind}_ordinary",
        row["number"],
        day,
        {
            "net": net,
            "tax": tax,
            "to_cost": to_cost,
            "gross": net + tax,
            "to_stock": net - to_cost,
            "to_stock_gross": net + tax - to_cost,
            "cost": net,
            "cost_gross": net + tax,
        },
        Dimensions(supplier_id=row["supplier_id"]),
        parts=parts,
        texts={"text": row["summary"] or "采购", "source": row["invoice_number"]},
    )
