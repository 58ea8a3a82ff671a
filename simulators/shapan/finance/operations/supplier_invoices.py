"""Supplier invoices (采购发票): entered, matched with order and receipt, posted, or kept until somebody decides."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance import invoicing, views
from shapan.finance.dating import Dated, day_of
from shapan.finance.registering import rate_faults, subject, unknown_supplier
from shapan.finance.rules import periods
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.expenses import Expense, expense_faults
from shapan.finance.rules.purchasing import InvoiceLine, Match, Tolerance, line_faults, to_cost_faults
from shapan.finance.rules.receivables import ReceivableLine, receivable_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import accounts as account_store
from shapan.finance.store import masters as master_store
from shapan.finance.store import supplier_invoices as store
from shapan.finance.store import suppliers as supplier_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, Problem, conflict, not_found
from shapan.kernel.money import fen_from_text, milli_from_text, rate_from_text, text_from_milli
from shapan.kernel.system import Answer, Context, created, ok


def list_supplier_invoices(
    ctx: Context,
    changed_since: int,
    limit: int,
    supplier_id: int | None,
    state: str | None,
    invoice_number: str | None,
) -> Answer:
    """Supplier invoices changed after a watermark."""
    filters = {"supplier_id": supplier_id, "state": state, "invoice_number": invoice_number}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    ids = [row["id"] for row in rows]
    lines, allocations = store.lines_of(ctx.db, ids), store.allocations_of(ctx.db, ids)
    items = [views.supplier_invoices.supplier_invoice(row, lines[row["id"]], allocations) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_supplier_invoice(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter an invoice and match it; posted at once when it matches, kept as mismatched when not."""
    supplier = supplier_store.get(ctx.db, body["supplier_id"])
    due = periods.parse_date(body["due_date"]) if "due_date" in body else None
    lines = [_line(line) for line in body["lines"]]
    named = invoicing.named(ctx.db, lines)
    # What can be matched is, whatever is wrong with the rest, so that one answer names every fault.
    astray = [line_faults(n, line, body["supplier_id"], named.received, named.orders) for n, line in enumerate(lines)]
    sound = {index: line for index, line in enumerate(lines) if not astray[index]}
    match = invoicing.matched(ctx.db, list(sound.values()))
    dated = day_of(ctx, body, invoicing.days_of_goods(ctx.db, match))
    wrong = [] if supplier is not None else [unknown_supplier(body["supplier_id"])]
    wrong += [*dated.wrong, *_invoice_date_faults(body, ctx.today)]
    wrong += periods.due_date_faults("/due_date", due, dated.day) if "due_date" in body else []
    wrong += receivable_faults([ReceivableLine("", line.net, line.rate_bp, line.tax) for line in lines])
    wrong += rate_faults(
        {index: line.rate_bp for index, line in enumerate(lines)},
        dated.day,
        {index: named.rates(line) for index, line in sound.items()},
    )
    wrong += [*(fault for faults in astray for fault in faults), *to_cost_faults(sound, match)]
    wrong += _expense_faults(ctx, body, sound)
    problem = refusal(wrong, dated.lock) or _number_taken(ctx, body["supplier_id"], body["invoice_number"])
    if problem is not None:
        raise problem
    assert supplier is not None  # it is among the faults above
    numbered = dict(enumerate(lines, 1))
    invoice_id = store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "FP", dated.period),
            "supplier_id": supplier["id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "invoice_number": body["invoice_number"],
            "invoice_kind": body.get("invoice_kind", "special"),
            "invoice_date": body["invoice_date"],
            "due_date": (due or periods.due_date(dated.day, supplier["payment_terms_days"])).isoformat(),
            "summary": body.get("summary"),
            "reverses_id": None,
            "reason": None,
            "entered_at": ctx.timestamp,
        },
        {line_no: (line, body["lines"][line_no - 1].get("description")) for line_no, line in numbered.items()},
    )
    if match.differences:
        view = _kept(ctx, invoice_id, match)
        ctx.emit("finance.supplier_invoice.mismatched", subject(supplier["id"]), view)
    else:
        booked = invoicing.booked_by_match(ctx.db, numbered, match)
        view = invoicing.post_invoice(ctx, invoice_id, booked, dated.day, state="matched")
    return created(view, ctx.url(f"/supplier-invoices/{invoice_id}"))


def get_supplier_invoice(ctx: Context, supplier_invoice_id: int) -> Answer:
    """One supplier invoice, or 404."""
    _invoice(ctx, supplier_invoice_id)
    return ok(invoicing.invoice_view(ctx.db, supplier_invoice_id))


def match_supplier_invoice(ctx: Context, supplier_invoice_id: int, body: dict[str, Any]) -> Answer:
    """Match a mismatched invoice again; posted when it fits now."""
    row = _undecided(ctx, supplier_invoice_id)
    lines = _lines(ctx, supplier_invoice_id)
    match = invoicing.matched(ctx.db, list(lines.values()))
    dated = _decided_on(ctx, row, body, match)
    if match.differences:
        return ok(_kept(ctx, supplier_invoice_id, match))
    booked = invoicing.booked_by_match(ctx.db, lines, match)
    return ok(invoicing.post_invoice(ctx, supplier_invoice_id, booked, dated.day, state="matched"))


def release_supplier_invoice(ctx: Context, supplier_invoice_id: int, body: dict[str, Any]) -> Answer:
    """Post a mismatched invoice in spite of its differences, with a reason; 409 while nothing has come in for a line."""
    row = _undecided(ctx, supplier_invoice_id)
    lines = _lines(ctx, supplier_invoice_id)
    match = invoicing.matched(ctx.db, list(lines.values()))
    dated = _decided_on(ctx, row, body, match)
    if not match.postable:
        raise conflict(
            "goods-not-received",
            f"Nothing has come in for some lines of invoice {row['invoice_number']}; register the goods receipt first, or cancel the invoice.",
            f"发票 {row['invoice_number']} 有行尚无入库，请先登记入库单，或作废该发票。",
        )
    view = invoicing.post_invoice(
        ctx,
        supplier_invoice_id,
        invoicing.booked_by_match(ctx.db, lines, match),
        dated.day,
        state="released",
        differences=[views.supplier_invoices.difference(found) for found in match.differences],
        reason=body["reason"],
        released_by=body["released_by"],
    )
    return ok(view)


def cancel_supplier_invoice(ctx: Context, supplier_invoice_id: int, body: dict[str, Any]) -> Answer:
    """Set a mismatched invoice aside; its number may come again."""
    row = _undecided(ctx, supplier_invoice_id)
    shown = invoicing.invoice_view(ctx.db, supplier_invoice_id)
    store.decide(ctx.db, supplier_invoice_id, "cancelled", shown["differences"], body["reason"])
    view = invoicing.invoice_view(ctx.db, supplier_invoice_id)
    ctx.emit("finance.supplier_invoice.cancelled", subject(row["supplier_id"]), view)
    return ok(view)


def red_supplier_invoice(ctx: Context, supplier_invoice_id: int, body: dict[str, Any]) -> Answer:
    """Post the red invoice that takes back a posted one, whole or in part."""
    blue = _invoice(ctx, supplier_invoice_id)
    if blue["voucher_id"] is None or blue["reverses_id"] is not None:
        raise conflict(
            "invoice-not-posted",
            f"Invoice {blue['invoice_number']} is {'red itself' if blue['reverses_id'] else blue['state']};"
            " only a posted blue invoice can be taken back.",
            f"发票 {blue['invoice_number']} 不是已过账的蓝字发票，不能红冲。",
        )
    lines = {row["line_no"]: row for row in store.lines_of(ctx.db, [supplier_invoice_id])[supplier_invoice_id]}
    quantities = [(line["line_no"], milli_from_text(line["quantity"])) for line in body.get("lines", ())]
    if "lines" not in body:
        left = {line_no: row["quantity_milli"] - row["red_milli"] for line_no, row in lines.items()}
        quantities = [(line_no, quantity) for line_no, quantity in left.items() if quantity]
    dated = day_of(ctx, body, [date.fromisoformat(blue["business_date"])])
    astray = _red_faults(quantities, lines)
    wrong = [*dated.wrong, *_invoice_date_faults(body, ctx.today), *astray]
    booked: list[invoicing.Booked] = []
    if not astray:
        booked = invoicing.booked_in_red(ctx.db, blue, lines, dict(quantities))
        if not sum(line.line.net + line.line.tax for line in booked):
            wrong.append(Fault("/lines", "There is nothing to take back.", "没有可红冲的金额。"))
    problem = refusal(wrong, dated.lock) or _number_taken(ctx, blue["supplier_id"], body["invoice_number"])
    if problem is not None:
        raise problem
    red_id = store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "FP", dated.period),
            "supplier_id": blue["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "invoice_number": body["invoice_number"],
            "invoice_kind": blue["invoice_kind"],
            "invoice_date": body["invoice_date"],
            "due_date": dated.day.isoformat(),
            "summary": f"红冲发票 {blue['invoice_number']}",
            "reverses_id": blue["id"],
            "reason": body["reason"],
            "entered_at": ctx.timestamp,
        },
        {line.line_no: (line.line, lines[line.line_no]["description"]) for line in booked},
    )
    for line_no, quantity in quantities:
        store.add_red(ctx.db, blue["id"], line_no, quantity)
    view = invoicing.post_invoice(ctx, red_id, booked, dated.day, state="matched")
    return created(view, ctx.url(f"/supplier-invoices/{red_id}"))


def get_match_tolerance(ctx: Context) -> Answer:
    """The tolerance of the three-way match."""
    return ok(views.supplier_invoices.match_tolerance(store.tolerance(ctx.db)))


def put_match_tolerance(ctx: Context, body: dict[str, Any]) -> Answer:
    """Use another tolerance from now on."""
    # Per cent with two decimals are basis points, as yuan with two decimals are fen.
    tolerance = Tolerance(fen_from_text(body["price_percent"]), fen_from_text(body["line_amount"]))
    store.set_tolerance(ctx.db, tolerance)
    return ok(views.supplier_invoices.match_tolerance(tolerance))


def _line(line: Mapping[str, Any]) -> InvoiceLine:
    def key(name: str) -> tuple[int, int] | None:
        document, line_no = line.get(f"{name}_id"), line.get(f"{name}_line_no")
        return None if document is None or line_no is None else (document, line_no)

    return InvoiceLine(
        key("goods_receipt"),
        key("purchase_order"),
        milli_from_text(line["quantity"]),
        fen_from_text(line["net_amount"]),
        rate_from_text(line["tax_rate"]),
        fen_from_text(line["tax_amount"]),
        fen_from_text(line.get("to_cost_amount", "0.00")),
        Expense(line["account_code"], line.get("product_code"), line.get("store_code"))
        if "account_code" in line
        else None,
    )


def _expense_faults(ctx: Context, body: Mapping[str, Any], sound: Mapping[int, InvoiceLine]) -> list[Fault]:
    """What is wrong with where services go, and products and stores that goods cannot have: their receipt says what they are."""
    expenses = {index: line.expense for index, line in sound.items() if line.expense is not None}
    codes = [expense.account_code for expense in expenses.values()]
    chart, titles = account_store.chart(ctx.db, codes), account_store.titles(ctx.db, codes)
    supplier = Dimensions(supplier_id=body["supplier_id"])
    known = master_store.known(ctx.db, (supplier.within(expense.dimensions) for expense in expenses.values()))
    found = []
    for index, expense in expenses.items():
        code = expense.account_code
        _, direction = titles.get(code, ("", ""))
        found += expense_faults(f"/lines/{index}", expense, body["supplier_id"], chart.get(code), direction, known)
    return found + [
        Fault(
            f"/lines/{index}/{member}",
            "Only a service names it, beside account_code; goods are what their receipt says.",
            "只有费用行\uff08填写 account_code\uff09可以填写；货物以入库单为准。",
        )
        for index, line in enumerate(body["lines"])
        for member in ("product_code", "store_code")
        if member in line and "account_code" not in line
    ]


def _decided_on(ctx: Context, row: sqlite3.Row, body: Mapping[str, Any], match: Match) -> Dated:
    """The day on which a kept invoice is posted: its own unless another is asked for, and not before the goods."""
    days = invoicing.days_of_goods(ctx.db, match)
    own = max(row["business_date"], *(day.isoformat() for day in days)) if days else row["business_date"]
    dated = day_of(ctx, {"business_date": own, **body}, days)
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    return dated


def _lines(ctx: Context, invoice_id: int) -> dict[int, InvoiceLine]:
    return {row["line_no"]: store.invoice_line(row) for row in store.lines_of(ctx.db, [invoice_id])[invoice_id]}


def _kept(ctx: Context, invoice_id: int, match: Match) -> dict[str, Any]:
    found = [views.supplier_invoices.difference(difference) for difference in match.differences]
    store.decide(ctx.db, invoice_id, "mismatched", found)
    return invoicing.invoice_view(ctx.db, invoice_id)


def _invoice_date_faults(body: Mapping[str, Any], today: date) -> list[Fault]:
    day = periods.parse_date(body["invoice_date"])
    if day is not None and day > today:
        return [
            Fault(
                "/invoice_date",
                f"The invoice cannot be dated after today ({today}).",
                f"开票日期不能晚于今天（{today}）。",
            )
        ]
    return [] if day is not None else [Fault("/invoice_date", "There is no such date.", "没有这个日期。")]


def _red_faults(quantities: Sequence[tuple[int, int]], lines: Mapping[int, sqlite3.Row]) -> list[Fault]:
    found = []
    seen: Counter[int] = Counter()
    for index, (line_no, quantity) in enumerate(quantities):
        pointer = f"/lines/{index}"
        row = lines.get(line_no)
        seen[line_no] += 1
        if row is None:
            found.append(
                Fault(f"{pointer}/line_no", f"The invoice has no line {line_no}.", f"该发票没有第 {line_no} 行。")
            )
            continue
        if seen[line_no] == 2:
            found.append(
                Fault(
                    f"{pointer}/line_no",
                    f"Line {line_no} is named twice; give it once with the whole quantity.",
                    f"第 {line_no} 行重复，请合并为一行。",
                )
            )
        left = row["quantity_milli"] - row["red_milli"]
        if quantity > left:
            found.append(
                Fault(
                    f"{pointer}/quantity",
                    f"Only {text_from_milli(left)} of line {line_no} is left to take back.",
                    f"第 {line_no} 行可红冲的数量只有 {text_from_milli(left)}。",
                )
            )
    return found


def _number_taken(ctx: Context, supplier_id: int, invoice_number: str) -> Problem | None:
    there = store.registered(ctx.db, supplier_id, invoice_number)
    if there is None:
        return None
    return conflict(
        "invoice-registered",
        f"Invoice {invoice_number} of this supplier is entered already, as {there['number']}.",
        f"该供应商的发票 {invoice_number} 已录入，登记号 {there['number']}。",
    )


def _invoice(ctx: Context, invoice_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, invoice_id)
    if row is None:
        raise not_found("supplier invoice", "采购发票", invoice_id)
    return row


def _undecided(ctx: Context, invoice_id: int) -> sqlite3.Row:
    row = _invoice(ctx, invoice_id)
    if row["state"] != "mismatched":
        raise conflict(
            "invoice-decided",
            f"Invoice {row['invoice_number']} is {row['state']} already.",
            f"发票 {row['invoice_number']} 的状态为 {row['state']}，不能再处理。",
        )
    return row
