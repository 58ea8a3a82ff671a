"""Inventory documents (存货核算单): what moves of stock are worth, posted by the rule of their kind."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.invoicing import stock_account
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.registering import product_faults, source_columns
from shapan.finance.rules.dimensions import Dimensions, unknown
from shapan.finance.rules.inventory_documents import POSTS_AS, InventoryLine, inventory_faults
from shapan.finance.rules.posting import Part
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import books as book_store
from shapan.finance.store import inventory_documents as store
from shapan.finance.store import masters as master_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_inventory_documents(
    ctx: Context, changed_since: int, limit: int, kind: str | None, source_document: str | None
) -> Answer:
    """Inventory documents changed after a watermark."""
    rows, more = store.page(ctx.db, {"kind": kind, "source_document": source_document}, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.inventory_documents.inventory_document(row, lines[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_inventory_document(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post an inventory document and its voucher."""
    kind, store_code = body["kind"], body.get("store_code")
    dated = day_of(ctx, body)
    lines = [
        InventoryLine(
            line["product_code"],
            line.get("stock_class", "goods"),
            milli_from_text(line["quantity"]) if "quantity" in line else None,
            fen_from_text(line["amount"]),
        )
        for line in body["lines"]
    ]
    vat_out = fen_from_text(body.get("vat_transferred_out_amount", "0.00"))
    general = book_store.books(ctx.db).general_taxpayer
    wrong = [*dated.wrong, *product_faults(ctx.db, {index: line.product_code for index, line in enumerate(lines)})]
    wrong += inventory_faults(kind, lines, store_code, vat_out, general)
    if store_code is not None and master_store.store(ctx.db, store_code) is None:
        wrong.append(unknown("/store_code", "store", store_code))
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    rule, sign, text = POSTS_AS[kind]
    number = draw_number(ctx.db, "CH", dated.period)
    amount = sum(line.amount for line in lines)
    figures = {"amount": sign * amount, "vat_out": vat_out, "loss": amount + vat_out}
    document = Document(
        rule,
        number,
        dated.day,
        figures,
        Dimensions(store_code=store_code),
        parts=[
            Part(
                {"amount": sign * line.amount},
                Dimensions(product_code=line.product_code),
                None if line.quantity is None else sign * line.quantity,
                {"stock_account": stock_account(ctx.db, line.stock_class)},
            )
            for line in lines
        ],
        texts={"text": body.get("summary", text), "source": body["source_reference"]["document"]},
    )
    document_id = store.insert(
        ctx.db,
        {
            "number": number,
            "kind": kind,
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "store_code": store_code,
            **source_columns(body),
            "summary": body.get("summary"),
            "amount_fen": amount,
            "vat_out_fen": vat_out,
            "reverses_id": None,
            "reason": None,
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
        lines,
    )
    view = _view(ctx, document_id)
    ctx.emit("finance.inventory_document.posted", f"inventory-{document_id}", view)
    return created(view, ctx.url(f"/inventory-documents/{document_id}"))


def get_inventory_document(ctx: Context, inventory_document_id: int) -> Answer:
    """One inventory document, or 404."""
    return ok(_view(ctx, inventory_document_id))


def reverse_inventory_document(ctx: Context, inventory_document_id: int, body: dict[str, Any]) -> Answer:
    """Take an inventory document back: negative amounts and a red voucher."""
    row = _document(ctx, inventory_document_id)
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    if row["reversed_by_id"] is not None or row["reverses_id"] is not None:
        raise conflict(
            "already-reversed",
            f"Inventory document {row['number']} has been reversed, or is itself a reversal.",
            f"存货核算单 {row['number']} 已红冲，或本身就是红冲单。",
        )
    number = draw_number(ctx.db, "CH", dated.period)
    source = (POSTS_AS[row["kind"]][0], number)
    reversal_id = store.insert(
        ctx.db,
        {
            **{name: row[name] for name in ("kind", "store_code", "source_system", "source_document", "source_id")},
            "number": number,
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "summary": row["summary"],
            "amount_fen": -row["amount_fen"],
            "vat_out_fen": -row["vat_out_fen"],
            "reverses_id": row["id"],
            "reason": body["reason"],
            "voucher_id": reverse(ctx.db, row["voucher_id"], dated.day, source, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
        [
            InventoryLine(
                line["product_code"],
                line["stock_class"],
                None if line["quantity_milli"] is None else -line["quantity_milli"],
                -line["amount_fen"],
            )
            for line in store.lines_of(ctx.db, [row["id"]])[row["id"]]
        ],
    )
    store.touch(ctx.db, row["id"])
    view = _view(ctx, reversal_id)
    ctx.emit("finance.inventory_document.reversed", f"inventory-{row['id']}", view)
    return created(view, ctx.url(f"/inventory-documents/{reversal_id}"))


def _document(ctx: Context, document_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, document_id)
    if row is None:
        raise not_found("inventory document", "存货核算单", document_id)
    return row


def _view(ctx: Context, document_id: int) -> dict[str, Any]:
    row = _document(ctx, document_id)
    return views.inventory_documents.inventory_document(row, store.lines_of(ctx.db, [document_id])[document_id])
