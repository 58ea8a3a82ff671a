"""Receivables (应收单), posted with their voucher."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.posting import Document, check_period, post_document
from shapan.finance.rules import periods
from shapan.finance.rules.receivables import ReceivableLine, receivable_faults
from shapan.finance.rules.refusals import refusal, unknown_customer
from shapan.finance.store import customers as customer_store
from shapan.finance.store import receivables as store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import not_found
from shapan.kernel.money import fen_from_text, rate_from_text
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
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.receivable(row, lines.get(row["id"], [])) for row in rows]
    return ok(views.page(rows, items, changed_since, more))


def create_receivable(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a receivable and its voucher: debit 1122 gross, credit 6001 net and 22210107 tax, as the posting rule has it."""
    customer = customer_store.get(ctx.db, body["customer_id"])
    day = periods.parse_date(body["business_date"])
    due = periods.parse_date(body["due_date"]) if "due_date" in body else None
    lines = [
        ReceivableLine(
            line["description"],
            fen_from_text(line["net_amount"]),
            rate_from_text(line["tax_rate"]),
            fen_from_text(line["tax_amount"]),
        )
        for line in body["lines"]
    ]
    wrong = [] if customer is not None else [unknown_customer("/customer_id", body["customer_id"])]
    wrong += periods.business_date_faults("/business_date", day, ctx.today)
    wrong += periods.due_date_faults("/due_date", due, day) if "due_date" in body else []
    wrong += receivable_faults(lines)
    problem = refusal(wrong, check_period(ctx.db, "/business_date", day))
    if problem is not None:
        raise problem
    # A missing customer or date is among the faults above.
    assert customer is not None
    assert day is not None
    period = periods.period_of(day)
    number = draw_number(ctx.db, "YS", period)
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    source = body["source_reference"]
    voucher_id = post_document(
        ctx.db,
        Document("receivable", customer["id"], {"net": net, "tax": tax, "gross": net + tax}, {}),
        number,
        {"text": body.get("summary", "应收"), "source": source["document"]},
        day,
        ctx.timestamp,
    )
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
            "source_system": source["system"],
            "source_document": source["document"],
            "source_id": source.get("id"),
            "order_reference": body.get("order_reference"),
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
        lines,
    )
    view = _view(ctx, receivable_id)
    ctx.emit("finance.receivable.posted", str(customer["id"]), view)
    return created(view, ctx.url(f"/receivables/{receivable_id}"))


def get_receivable(ctx: Context, receivable_id: int) -> Answer:
    """One receivable, or 404."""
    return ok(_view(ctx, receivable_id))


def _view(ctx: Context, receivable_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, receivable_id)
    if row is None:
        raise not_found("receivable", "应收单", receivable_id)
    return views.receivable(row, store.lines_of(ctx.db, [receivable_id]).get(receivable_id, []))
