"""Receivables (应收单), posted with their voucher, or pending until the goods are accepted (待验收)."""

from __future__ import annotations

from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.charging import charged_lines, figures, rate_check
from shapan.finance.posting import Document, check_period, post_document
from shapan.finance.rules import periods
from shapan.finance.rules.dimensions import Dimensions, unknown
from shapan.finance.rules.receivables import ReceivableLine, receivable_faults
from shapan.finance.rules.refusals import refusal, unknown_customer
from shapan.finance.store import books as book_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import masters as master_store
from shapan.finance.store import receivables as store
from shapan.finance.store.query import draw_number
from shapan.finance.sub_ledger import Costs, post_costs, receivable_view
from shapan.kernel.errors import Fault
from shapan.kernel.money import fen_from_text, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_receivables(
    ctx: Context,
    changed_since: int,
    limit: int,
    customer_id: int | None,
    state: str | None,
    number: str | None,
    source_document: str | None,
    order_reference: str | None,
) -> Answer:
    """Receivables changed after a watermark."""
    filters = {
        "customer_id": customer_id,
        "state": state,
        "number": number,
        "source_document": source_document,
        "order_reference": order_reference,
    }
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    ids = [row["id"] for row in rows]
    lines, costs = store.lines_of(ctx.db, ids), store.costs_of(ctx.db, ids)
    items = [views.receivables.receivable(row, lines.get(row["id"], []), costs.get(row["id"], [])) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_receivable(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a receivable and its voucher by the posting rule; one whose revenue waits for acceptance only parks what the goods cost."""
    customer = customer_store.get(ctx.db, body["customer_id"])
    day = periods.parse_date(body["business_date"])
    due = periods.parse_date(body["due_date"]) if "due_date" in body else None
    books = book_store.books(ctx.db)
    recognition = body.get("recognition", books.revenue_recognition)
    pending = recognition == "on_acceptance"
    lines = charged_lines(ctx.db, body["lines"], day)
    costs = _costs(body)
    wrong = [] if customer is not None else [unknown_customer("/customer_id", body["customer_id"])]
    wrong += periods.business_date_faults("/business_date", day, ctx.today)
    wrong += periods.due_date_faults("/due_date", due, day) if "due_date" in body else []
    wrong += receivable_faults(lines)
    wrong += rate_check(ctx.db, lines, day)
    wrong += _recognition_faults(ctx, body, costs, pending)
    problem = refusal(wrong, check_period(ctx.db, "/business_date", day))
    if problem is not None:
        raise problem
    # A missing customer or date is among the faults above.
    assert customer is not None
    assert day is not None
    period = periods.period_of(day)
    number = draw_number(ctx.db, "YS", period)
    source = body["source_reference"]
    texts = {"text": body.get("summary", "发出商品" if pending else "应收"), "source": source["document"]}
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    invoiced = body.get("invoiced", not pending)
    receivable_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": customer["id"],
            "business_date": day.isoformat(),
            "due_date": (due or periods.due_date(day, customer["payment_terms_days"])).isoformat(),
            "period": period,
            "summary": body.get("summary"),
            "net_fen": net,
            "tax_fen": tax,
            "gross_fen": net + tax,
            "state": "pending" if pending else "open",
            "source_system": source["system"],
            "source_document": source["document"],
            "source_id": source.get("id"),
            "order_reference": body.get("order_reference"),
            "voucher_id": None if pending else _post(ctx, number, day, customer["id"], lines, invoiced, texts),
            "dispatch_voucher_id": post_costs(ctx, "goods_dispatched", number, day, customer["id"], costs, texts),
            "posted_at": ctx.timestamp,
            "recognition": recognition,
            "recognised_on": None if pending else day.isoformat(),
            "invoiced": int(invoiced),
            "invoiced_on": day.isoformat() if invoiced else None,
            "invoice_number": body.get("invoice_number"),
        },
        lines,
    )
    store.add_costs(ctx.db, receivable_id, costs)
    view = receivable_view(ctx, receivable_id)
    ctx.emit("finance.receivable.posted", str(customer["id"]), view)
    return created(view, ctx.url(f"/receivables/{receivable_id}"))


def get_receivable(ctx: Context, receivable_id: int) -> Answer:
    """One receivable, or 404."""
    return ok(receivable_view(ctx, receivable_id))


def _post(
    ctx: Context,
    number: str,
    day: date,
    customer_id: int,
    lines: list[ReceivableLine],
    invoiced: bool,
    texts: dict[str, str],
) -> int:
    amounts = figures(lines, invoiced)
    document = Document("receivable", number, day, amounts, Dimensions(customer_id=customer_id), texts=texts)
    return post_document(ctx.db, document, ctx.timestamp)


def _costs(body: dict[str, Any]) -> list[tuple[str, int, int | None]]:
    return [
        (
            line["product_code"],
            fen_from_text(line["amount"]),
            milli_from_text(line["quantity"]) if "quantity" in line else None,
        )
        for line in body.get("cost_lines", [])
    ]


def _recognition_faults(ctx: Context, body: dict[str, Any], costs: Costs, pending: bool) -> list[Fault]:
    """Members that do not go with when revenue is recognised, and products that do not exist."""
    known = master_store.known(ctx.db, [Dimensions(product_code=product) for product, _, _ in costs])
    found = [
        unknown(f"/cost_lines/{index}/product_code", "product", product)
        for index, (product, _, _) in enumerate(costs)
        if not known.has("product", product)
    ]
    if costs and not pending:
        found.append(
            Fault(
                "/cost_lines",
                "What goods cost is parked here only until they are accepted (recognition on_acceptance); else post an inventory document.",
                "仅在验收时确认收入（on_acceptance）时才在此暂挂发出商品成本，否则请录入存货核算单。",
            )
        )
    if pending and ("invoiced" in body or "invoice_number" in body):
        found.append(
            Fault(
                "/invoiced" if "invoiced" in body else "/invoice_number",
                "The invoice of a receivable that waits for acceptance is recorded with the acceptance or after it.",
                "待验收的应收单，其发票在验收时或验收后登记。",
            )
        )
    return found
