"""Cash sales of stores (现销单), posted with their voucher, and their reversal."""

from __future__ import annotations

from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.charging import charged_lines, figures, rate_check
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, check_period, post_document, reverse
from shapan.finance.rules import periods
from shapan.finance.rules.dimensions import Dimensions, unknown
from shapan.finance.rules.posting import Part
from shapan.finance.rules.receivables import receivable_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import accounts as account_store
from shapan.finance.store import cash_sales as store
from shapan.finance.store import masters as master_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, conflict, not_found
from shapan.kernel.money import fen_from_text, text_from_fen
from shapan.kernel.system import Answer, Context, created, ok

PAYMENT_ROLES = {
    "cash": "cash",
    "bank_card": "bank",
    "wechat_pay": "other_monetary_funds",
    "alipay": "other_monetary_funds",
}
"""Means of payment -> role of the account that takes it: what a payment platform holds is 其他货币资金."""


def list_cash_sales(
    ctx: Context,
    changed_since: int,
    limit: int,
    store_code: str | None,
    business_date: str | None,
    source_document: str | None,
) -> Answer:
    """Cash sales changed after a watermark."""
    filters = {"store_code": store_code, "business_date": business_date, "source_document": source_document}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    ids = [row["id"] for row in rows]
    lines, payments = store.lines_of(ctx.db, ids), store.payments_of(ctx.db, ids)
    items = [views.receipts.cash_sale(row, lines[row["id"]], payments[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def get_cash_sale(ctx: Context, cash_sale_id: int) -> Answer:
    """One cash sale, or 404."""
    return ok(_view(ctx, cash_sale_id))


def create_cash_sale(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a cash sale and its voucher: debit the account of each payment, credit revenue of the store and tax."""
    day = periods.parse_date(body["business_date"])
    lines = charged_lines(ctx.db, body["lines"], day)
    amounts = figures(lines, invoiced=True)
    roles = account_store.roles(ctx.db)
    payments = [
        (payment["method"], roles[PAYMENT_ROLES[payment["method"]]], fen_from_text(payment["amount"]))
        for payment in body["payments"]
    ]
    paid = sum(amount for _, _, amount in payments)
    wrong = []
    if master_store.store(ctx.db, body["store_code"]) is None:
        wrong.append(unknown("/store_code", "store", body["store_code"]))
    wrong += periods.business_date_faults("/business_date", day, ctx.today)
    wrong += receivable_faults(lines)
    wrong += rate_check(ctx.db, lines, day)
    if paid != amounts["gross"]:
        wrong.append(
            Fault(
                "/payments",
                f"The payments add up to {text_from_fen(paid)}, the lines to {text_from_fen(amounts['gross'])} with tax.",
                f"支付合计 {text_from_fen(paid)} 与价税合计 {text_from_fen(amounts['gross'])} 不一致。",
            )
        )
    problem = refusal(wrong, check_period(ctx.db, "/business_date", day))
    if problem is not None:
        raise problem
    assert day is not None  # it is among the faults above
    period = periods.period_of(day)
    number = draw_number(ctx.db, "XX", period)
    source = body.get("source_reference", {})
    document = Document(
        "cash_sale",
        number,
        day,
        {name: amounts[name] for name in ("net", "output_tax", "simplified_tax", "tax")} | {"paid": paid},
        Dimensions(store_code=body["store_code"]),
        parts=[Part({"paid": amount}, accounts={"payment_account": account}) for _, account, amount in payments],
        texts={"text": body.get("summary", "现销"), "source": source.get("document", "")},
    )
    cash_sale_id = store.insert(
        ctx.db,
        {
            "number": number,
            "store_code": body["store_code"],
            "business_date": day.isoformat(),
            "period": period,
            "summary": body.get("summary"),
            "net_fen": amounts["net"],
            "tax_fen": amounts["tax"],
            "gross_fen": amounts["gross"],
            "source_system": source.get("system"),
            "source_document": source.get("document"),
            "source_id": source.get("id"),
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
        lines,
        payments,
    )
    view = _view(ctx, cash_sale_id)
    ctx.emit("finance.cash_sale.posted", body["store_code"], view)
    return created(view, ctx.url(f"/cash-sales/{cash_sale_id}"))


def reverse_cash_sale(ctx: Context, cash_sale_id: int, body: dict[str, Any]) -> Answer:
    """Undo a cash sale by the same entries in red."""
    row = store.get(ctx.db, cash_sale_id)
    if row is None:
        raise not_found("cash sale", "现销单", cash_sale_id)
    if row["state"] == "reversed":
        raise conflict(
            "cash-sale-reversed",
            f"Cash sale {row['number']} was reversed on {row['reversed_on']}.",
            f"现销单 {row['number']} 已于 {row['reversed_on']} 冲销。",
        )
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, ("cash_sale", row["number"]), ctx.timestamp)
    store.reverse(ctx.db, cash_sale_id, dated.day.isoformat(), body["reason"], voucher_id)
    view = _view(ctx, cash_sale_id)
    ctx.emit("finance.cash_sale.reversed", row["store_code"], view)
    return ok(view)


def _view(ctx: Context, cash_sale_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, cash_sale_id)
    if row is None:
        raise not_found("cash sale", "现销单", cash_sale_id)
    lines, payments = store.lines_of(ctx.db, [cash_sale_id]), store.payments_of(ctx.db, [cash_sale_id])
    return views.receipts.cash_sale(row, lines[cash_sale_id], payments[cash_sale_id])
