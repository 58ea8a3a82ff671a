"""Goods received and not invoiced at the end of a period (暂估入库), and its reversal on the first of the next.

Debit inventory, credit 220202, by supplier, at the value of the order; at once the same entry in red on the first day of the next
period, so that the invoice then comes in as if nothing had been accrued.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.invoicing import stock_account
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.rules.accruals import AccrualLine, accrual_lines, vouchers_of
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.periods import last_day, period_of
from shapan.finance.rules.posting import Part
from shapan.finance.store import accruals
from shapan.finance.store.books import books
from shapan.finance.store.query import draw_number
from shapan.kernel.money import text_from_fen


def _due(db: sqlite3.Connection, period: str) -> list[AccrualLine]:
    tax_is_cost = not books(db).general_taxpayer
    return accrual_lines(accruals.received_by(db, period), accruals.accrued(db, period), tax_is_cost)


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    due = _due(db, period)
    if not due:
        return []
    receipts = sorted({line.receipt.receipt_number for line in due})
    named = ", ".join(receipts[:5]) + (" …" if len(receipts) > 5 else "")
    amount = text_from_fen(sum(line.amount for line in due))
    return [
        Reason(
            f"{amount} of goods received and not invoiced is to be accrued ({named}); run this step.",
            f"已入库未开票 {amount} 尚未暂估（{named}），请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    by_supplier: dict[int, list[AccrualLine]] = {}
    for line in _due(work.db, work.period):
        by_supplier.setdefault(line.receipt.supplier_id, []).append(line)
    return [
        voucher_id
        for supplier_id, lines in by_supplier.items()
        for group in vouchers_of(lines)
        for voucher_id in _accrue(work, supplier_id, group)
    ]


def _accrue(work: Work, supplier_id: int, lines: list[AccrualLine]) -> list[int]:
    day = last_day(work.period)
    next_day = day + timedelta(days=1)
    number = draw_number(work.db, "ZG", work.period)
    amount = sum(line.amount for line in lines)
    document = Document(
        "accrual",
        number,
        day,
        {"amount": amount},
        Dimensions(supplier_id=supplier_id),
        parts=[
            Part(
                {"amount": line.amount},
                Dimensions(product_code=line.receipt.product_code),
                line.quantity,
                {"stock_account": stock_account(work.db, line.receipt.stock_class)},
            )
            for line in lines
        ],
        texts={"text": "暂估入库"},
    )
    voucher_id = post_document(work.db, document, work.now)
    reversal_id = reverse(work.db, voucher_id, next_day, ("accrual", number), work.now)
    accruals.insert(
        work.db,
        {
            "number": number,
            "supplier_id": supplier_id,
            "period": work.period,
            "amount_fen": amount,
            "voucher_id": voucher_id,
            "reversal_period": period_of(next_day),
            "reversal_voucher_id": reversal_id,
            "posted_at": work.now,
        },
        lines,
    )
    return [voucher_id, reversal_id]


STEP = Step(
    "goods_received_not_invoiced",
    "Goods received and not invoiced",
    "暂估入库",
    _pending,
    _run,
)
