"""What happens to a receivable after it was entered (验收, 拒收, 开票, 红字): acceptance, rejection, invoice, red receivable."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance.charging import figures
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.rules import periods
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.receivables import ReceivableLine
from shapan.finance.rules.red import RedPart, red_lines, whole_rest
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import customers as customer_store
from shapan.finance.store import receivables as store
from shapan.finance.store import write_offs as write_off_store
from shapan.finance.store.query import draw_number
from shapan.finance.sub_ledger import offset_against, post_costs, receivable_view
from shapan.kernel.errors import Problem, conflict, not_found
from shapan.kernel.money import fen_from_text, text_from_fen
from shapan.kernel.system import Answer, Context, created, ok


def accept_receivable(ctx: Context, receivable_id: int, body: dict[str, Any]) -> Answer:
    """Recognise the revenue of a pending receivable, and the cost of its goods."""
    row = _receivable(ctx, receivable_id)
    _check_pending(row)
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])], member="acceptance_date")
    due = periods.parse_date(body["due_date"]) if "due_date" in body else None
    wrong = [*dated.wrong, *(periods.due_date_faults("/due_date", due, dated.day) if "due_date" in body else [])]
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    customer = customer_store.get(ctx.db, row["customer_id"])
    assert customer is not None  # a receivable refers to one
    invoiced = body.get("invoiced", True)
    lines = [_line(line) for line in store.lines_of(ctx.db, [receivable_id])[receivable_id]]
    costs = [
        (c["product_code"], c["amount_fen"], c["quantity_milli"])
        for c in store.costs_of(ctx.db, [receivable_id]).get(receivable_id, [])
    ]
    texts = {"text": row["summary"] or "验收确认收入", "source": row["source_document"]}
    document = Document(
        "receivable",
        row["number"],
        dated.day,
        figures(lines, invoiced),
        Dimensions(customer_id=row["customer_id"]),
        texts=texts,
    )
    voucher_id = post_document(ctx.db, document, ctx.timestamp)
    texts = {"text": "结转发出商品成本", "source": row["source_document"]}
    store.accept(
        ctx.db,
        receivable_id,
        {
            "recognised_on": dated.day.isoformat(),
            "period": dated.period,
            "due_date": (due or periods.due_date(dated.day, customer["payment_terms_days"])).isoformat(),
            "voucher_id": voucher_id,
            "cost_voucher_id": post_costs(
                ctx, "goods_accepted", row["number"], dated.day, row["customer_id"], costs, texts
            ),
            "invoiced": int(invoiced),
            "invoiced_on": dated.day.isoformat() if invoiced else None,
            "invoice_number": body.get("invoice_number"),
        },
    )
    return _changed(ctx, receivable_id, "finance.receivable.accepted")


def reject_receivable(ctx: Context, receivable_id: int, body: dict[str, Any]) -> Answer:
    """Give up a pending receivable: the goods come back to stock by a red-letter voucher."""
    row = _receivable(ctx, receivable_id)
    _check_pending(row)
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    if row["dispatch_voucher_id"] is not None:
        source = ("goods_dispatched", row["number"])
        reverse(ctx.db, row["dispatch_voucher_id"], dated.day, source, ctx.timestamp)
    store.reject(ctx.db, receivable_id, body["reason"])
    return _changed(ctx, receivable_id, "finance.receivable.rejected")


def invoice_receivable(ctx: Context, receivable_id: int, body: dict[str, Any]) -> Answer:
    """Record an invoice that came after the revenue: deferred tax becomes output tax."""
    row = _receivable(ctx, receivable_id)
    _check_recognised(row)
    if row["red_of_id"] is not None:
        raise _is_red(row)
    if row["invoiced"]:
        raise conflict(
            "receivable-invoiced",
            f"The invoice of receivable {row['number']} is recorded; its tax is due already.",
            f"应收单 {row['number']} 已登记发票，税额已转入销项税额。",
        )
    dated = day_of(ctx, body, [date.fromisoformat(row["recognised_on"])], member="invoice_date")
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    output, simplified = store.deferred_tax(ctx.db, receivable_id)
    amounts = {"output_tax": output, "simplified_tax": simplified, "tax": output + simplified}
    voucher_id = None
    if output or simplified:
        texts = {"text": "补开发票", "source": body.get("invoice_number", "")}
        document = Document("receivable_invoice", row["number"], dated.day, amounts, texts=texts)
        voucher_id = post_document(ctx.db, document, ctx.timestamp)
    store.invoice(ctx.db, receivable_id, dated.day.isoformat(), body.get("invoice_number"), voucher_id)
    return _changed(ctx, receivable_id, "finance.receivable.invoiced")


def red_receivable(ctx: Context, receivable_id: int, body: dict[str, Any]) -> Answer:
    """Post a red receivable against a blue one, with its red-letter voucher, and offset it at once as far as the blue one is open."""
    blue = _receivable(ctx, receivable_id)
    _check_recognised(blue)
    if blue["red_of_id"] is not None:
        raise _is_red(blue)
    rest = store.blue_lines(ctx.db, receivable_id)
    whole = whole_rest(list(rest.values()))
    if not whole:
        raise conflict(
            "nothing-to-reverse",
            f"Receivable {blue['number']} is red altogether already.",
            f"应收单 {blue['number']} 已全部冲红。",
        )
    faults, reds = red_lines(rest, [_part(part) for part in body["lines"]] if "lines" in body else whole)
    dated = day_of(ctx, body, [date.fromisoformat(blue["recognised_on"])])
    lines = [red.line for red in reds]
    problem = refusal([*dated.wrong, *faults], dated.lock) or _written_off(
        ctx, blue, -sum(line.gross for line in lines)
    )
    if problem is not None:
        raise problem
    amounts = figures(lines, bool(blue["invoiced"]))
    number = draw_number(ctx.db, "YS", dated.period)
    voucher_id = post_document(
        ctx.db,
        Document(
            "receivable",
            number,
            dated.day,
            amounts,
            Dimensions(customer_id=blue["customer_id"]),
            texts={"text": f"红字 {body['reason']}", "source": blue["number"]},
        ),
        ctx.timestamp,
    )
    source = body.get("source_reference", {})
    red_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": blue["customer_id"],
            "business_date": dated.day.isoformat(),
            "due_date": dated.day.isoformat(),
            "period": dated.period,
            "net_fen": amounts["net"],
            "tax_fen": amounts["tax"],
            "gross_fen": amounts["gross"],
            "state": "open",
            "source_system": source.get("system"),
            "source_document": source.get("document"),
            "source_id": source.get("id"),
            "order_reference": blue["order_reference"],
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
            "recognition": blue["recognition"],
            "recognised_on": dated.day.isoformat(),
            "red_of_id": receivable_id,
            "reason": body["reason"],
            "invoiced": blue["invoiced"],
            "invoiced_on": dated.day.isoformat() if blue["invoiced"] else None,
            "invoice_number": body.get("invoice_number"),
        },
        lines,
        [red.blue_line_no for red in reds],
    )
    offset = min(blue["gross_fen"] - blue["settled_fen"], -amounts["gross"])
    if offset > 0:
        offset_against(ctx, store.items(ctx.db, [red_id])[red_id], [(receivable_id, offset)], dated.day)
    else:
        store.touch(ctx.db, receivable_id)
    view = receivable_view(ctx, red_id)
    ctx.emit("finance.receivable.posted", str(blue["customer_id"]), view)
    return created(view, ctx.url(f"/receivables/{red_id}"))


def _receivable(ctx: Context, receivable_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, receivable_id)
    if row is None:
        raise not_found("receivable", "应收单", receivable_id)
    return row


def _changed(ctx: Context, receivable_id: int, event: str) -> Answer:
    view = receivable_view(ctx, receivable_id)
    ctx.emit(event, str(view["customer_id"]), view)
    return ok(view)


def _line(row: sqlite3.Row) -> ReceivableLine:
    return ReceivableLine(row["description"], row["net_fen"], row["rate_bp"], row["tax_fen"], bool(row["simplified"]))


def _part(part: dict[str, Any]) -> RedPart:
    tax = fen_from_text(part["tax_amount"]) if "tax_amount" in part else None
    return RedPart(part["line_no"], fen_from_text(part["net_amount"]), tax)


def _check_pending(row: sqlite3.Row) -> None:
    if row["state"] != "pending":
        raise conflict(
            "receivable-not-pending",
            f"Receivable {row['number']} is {row['state']}; only a pending one is accepted or rejected.",
            f"应收单 {row['number']} 的状态为 {row['state']}，只有待验收的应收单可以验收或拒收。",
        )


def _check_recognised(row: sqlite3.Row) -> None:
    if row["recognised_on"] is None:
        raise conflict(
            "receivable-not-recognised",
            f"Receivable {row['number']} is {row['state']}: its revenue is not recognised. Accept or reject it.",
            f"应收单 {row['number']} 的状态为 {row['state']}，尚未确认收入；请先验收或拒收。",
        )


def _written_off(ctx: Context, blue: sqlite3.Row, gross: int) -> Problem | None:
    """Why `gross` cannot be taken back: part of it was written off, and would be given back a second time."""
    lost = write_off_store.lost_by(ctx.db, blue["id"])
    left = blue["gross_fen"] - blue["red_fen"] - sum(lost.values())
    if not lost or gross <= left:
        return None
    most, total = text_from_fen(max(left, 0)), text_from_fen(sum(lost.values()))
    return conflict(
        "receivable-written-off",
        f"{total} of receivable {blue['number']} is written off ({', '.join(lost)}), so at most {most} can be taken back."
        " Reverse the write-off first.",
        f"应收单 {blue['number']} 已核销坏账 {total}\uff08{'、'.join(lost)}\uff09，最多可冲红 {most}；请先撤销坏账核销。",
    )


def _is_red(row: sqlite3.Row) -> Problem:
    return conflict(
        "receivable-red",
        f"Receivable {row['number']} is itself red, of {row['red_of_number']}; name the blue one.",
        f"应收单 {row['number']} 本身是 {row['red_of_number']} 的红字单，请指定蓝字应收单。",
    )
