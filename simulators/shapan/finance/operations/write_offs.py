"""Write-offs of bad debts (核销坏账), debts paid after all (坏账收回), and mistakes (冲销)."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.receivables import allocation_faults
from shapan.finance.rules.refusals import refusal, unknown_customer
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store import write_offs as store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, conflict, not_found
from shapan.kernel.money import fen_from_text, text_from_fen
from shapan.kernel.system import Answer, Context, created, ok


def list_write_offs(ctx: Context, changed_since: int, limit: int, customer_id: int | None, state: str | None) -> Answer:
    """Write-offs changed after a watermark."""
    rows, more = store.page(ctx.db, {"customer_id": customer_id, "state": state}, changed_since, limit)
    ids = [row["id"] for row in rows]
    parts, recoveries = store.allocations_of(ctx.db, ids), store.recoveries_of(ctx.db, ids)
    items = [views.write_offs.write_off(row, parts[row["id"]], recoveries.get(row["id"], [])) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def get_write_off(ctx: Context, write_off_id: int) -> Answer:
    """One write-off, or 404."""
    return ok(_view(ctx, write_off_id))


def create_write_off(ctx: Context, body: dict[str, Any]) -> Answer:
    """Write off what is open of receivables of one customer, with its voucher by the posting rule of the standard."""
    customer = customer_store.get(ctx.db, body["customer_id"])
    allocations = [(line["receivable_id"], fen_from_text(line["amount"])) for line in body["allocations"]]
    items = receivable_store.items(ctx.db, (receivable_id for receivable_id, _ in allocations))
    dated = day_of(ctx, body, (item.posted for item in items.values()))
    wrong, short = allocation_faults(body["customer_id"], ("the write-off", "坏账核销单"), allocations, items)
    if customer is None:
        wrong.insert(0, unknown_customer("/customer_id", body["customer_id"]))
    problem = refusal([*wrong, *dated.wrong], dated.lock, short)
    if problem is not None:
        raise problem
    number, total = draw_number(ctx.db, "HZ", dated.period), sum(amount for _, amount in allocations)
    document = Document(
        "write_off",
        number,
        dated.day,
        {"amount": total},
        Dimensions(customer_id=body["customer_id"]),
        texts={"text": f"核销坏账 {body['reason']}"},
    )
    write_off_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": body["customer_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "amount_fen": total,
            "reason": body["reason"],
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    for receivable_id, amount in allocations:
        receivable_store.settle(ctx.db, receivable_id, amount)
    view = _view(ctx, write_off_id)
    ctx.emit("finance.write_off.posted", str(body["customer_id"]), view)
    return created(view, ctx.url(f"/write-offs/{write_off_id}"))


def recover_write_off(ctx: Context, write_off_id: int, body: dict[str, Any]) -> Answer:
    """Record money that came in for a debt that was written off."""
    row = _standing(ctx, write_off_id)
    amount, bank_account = fen_from_text(body["amount"]), body.get("bank_account", account_store.role(ctx.db, "bank"))
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    wrong = [
        *dated.wrong,
        *bank_account_faults("/bank_account", bank_account, account_store.family(ctx.db, BANK_DEPOSITS)),
    ]
    rest, short = row["amount_fen"] - row["recovered_fen"], []
    if amount > rest:
        short.append(
            Fault(
                "/amount",
                f"Only {text_from_fen(rest)} of write-off {row['number']} is not recovered.",
                f"坏账核销单 {row['number']} 未收回金额只有 {text_from_fen(rest)}。",
            )
        )
    problem = refusal(wrong, dated.lock, short)
    if problem is not None:
        raise problem
    document = Document(
        "write_off_recovery",
        row["number"],
        dated.day,
        {"amount": amount},
        Dimensions(customer_id=row["customer_id"]),
        {"bank_account": bank_account},
        texts={"text": "坏账收回", "source": body.get("bank_reference", "")},
    )
    store.add_recovery(
        ctx.db,
        {
            "write_off_id": write_off_id,
            "amount_fen": amount,
            "business_date": dated.day.isoformat(),
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
    )
    view = _view(ctx, write_off_id)
    ctx.emit("finance.write_off.recovered", str(row["customer_id"]), view)
    return created(view, ctx.url(f"/write-offs/{write_off_id}"))


def reverse_write_off(ctx: Context, write_off_id: int, body: dict[str, Any]) -> Answer:
    """Undo a write-off of which nothing was recovered: its receivables are open again."""
    row = _standing(ctx, write_off_id)
    if row["recovered_fen"] > 0:
        raise conflict(
            "write-off-recovered",
            f"Money came in for write-off {row['number']}; it stands.",
            f"坏账核销单 {row['number']} 已有收回，不能冲销。",
        )
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, ("write_off", row["number"]), ctx.timestamp)
    store.reverse(ctx.db, write_off_id, dated.day.isoformat(), body["reason"], voucher_id)
    for part in store.allocations_of(ctx.db, [write_off_id])[write_off_id]:
        receivable_store.settle(ctx.db, part["receivable_id"], -part["amount_fen"])
    view = _view(ctx, write_off_id)
    ctx.emit("finance.write_off.reversed", str(row["customer_id"]), view)
    return ok(view)


def _standing(ctx: Context, write_off_id: int) -> sqlite3.Row:
    """The write-off, or 404; 409 when it is reversed."""
    row = store.get(ctx.db, write_off_id)
    if row is None:
        raise not_found("write-off", "坏账核销单", write_off_id)
    if row["state"] == "reversed":
        raise conflict(
            "write-off-reversed",
            f"Write-off {row['number']} was reversed on {row['reversed_on']}; its receivables are open.",
            f"坏账核销单 {row['number']} 已于 {row['reversed_on']} 冲销。",
        )
    return row


def _view(ctx: Context, write_off_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, write_off_id)
    if row is None:
        raise not_found("write-off", "坏账核销单", write_off_id)
    parts = store.allocations_of(ctx.db, [write_off_id])[write_off_id]
    return views.write_offs.write_off(row, parts, store.recoveries_of(ctx.db, [write_off_id]).get(write_off_id, []))
