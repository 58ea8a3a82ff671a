"""Cash sales of stores (现销单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.receivables import ReceivableLine
from shapan.finance.store.query import changed_page, next_change, one

_CASH_SALE = (
    "s.id, s.number, s.store_code, s.business_date, s.period, s.summary, s.net_fen, s.tax_fen, s.gross_fen, s.state, s.source_system,"
    " s.source_document, s.source_id, s.voucher_id, v.word AS voucher_word, v.number AS voucher_number, s.reversed_on,"
    " s.reversal_reason, s.reversal_voucher_id, x.word AS reversal_word, x.number AS reversal_number, s.posted_at, s.change"
)
_CASH_SALES = (
    "cash_sale AS s JOIN voucher AS v ON v.id = s.voucher_id LEFT JOIN voucher AS x ON x.id = s.reversal_voucher_id"
)


def insert(
    db: sqlite3.Connection,
    cash_sale: Mapping[str, Any],
    lines: Sequence[ReceivableLine],
    payments: Sequence[tuple[str, str, int]],
) -> int:
    """Add a posted cash sale with its lines and payments (method, account code, fen); its id."""
    cursor = db.execute(
        "INSERT INTO cash_sale (number, store_code, business_date, period, summary, net_fen, tax_fen, gross_fen, state, source_system,"
        " source_document, source_id, voucher_id, posted_at, change) VALUES (:number, :store_code, :business_date, :period, :summary,"
        " :net_fen, :tax_fen, :gross_fen, 'posted', :source_system, :source_document, :source_id, :voucher_id, :posted_at, :change)",
        {**cash_sale, "change": next_change(db)},
    )
    cash_sale_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO cash_sale_line (cash_sale_id, line_no, description, net_fen, rate_bp, tax_fen, simplified)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (cash_sale_id, line_no, line.description, line.net, line.rate_bp, line.tax, int(line.simplified))
            for line_no, line in enumerate(lines, 1)
        ],
    )
    db.executemany(
        "INSERT INTO cash_sale_payment (cash_sale_id, line_no, method, account_code, amount_fen) VALUES (?, ?, ?, ?, ?)",
        [(cash_sale_id, line_no, *payment) for line_no, payment in enumerate(payments, 1)],
    )
    return cash_sale_id


def get(db: sqlite3.Connection, cash_sale_id: int) -> sqlite3.Row | None:
    """The cash sale of this id."""
    return one(db, f"SELECT {_CASH_SALE} FROM {_CASH_SALES} WHERE s.id = ?", (cash_sale_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of cash sales, and whether more follow. `filters` are columns of the cash sale."""
    named = {f"s.{column}": value for column, value in filters.items()}
    return changed_page(db, _CASH_SALE, _CASH_SALES, "s.change", named, since, limit)


def lines_of(db: sqlite3.Connection, cash_sale_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Cash sale id -> its lines in order."""
    return _parts(db, "cash_sale_line", "description, net_fen, rate_bp, tax_fen", cash_sale_ids)


def payments_of(db: sqlite3.Connection, cash_sale_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Cash sale id -> its payments in order."""
    return _parts(db, "cash_sale_payment", "method, account_code, amount_fen", cash_sale_ids)


def _parts(
    db: sqlite3.Connection, table: str, columns: str, cash_sale_ids: Iterable[int]
) -> dict[int, list[sqlite3.Row]]:
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        f"SELECT cash_sale_id, line_no, {columns} FROM {table}"  # noqa: S608
        " WHERE cash_sale_id IN (SELECT value FROM json_each(?)) ORDER BY cash_sale_id, line_no",
        (json.dumps(list(cash_sale_ids)),),
    ):
        found.setdefault(row["cash_sale_id"], []).append(row)
    return found


def reverse(db: sqlite3.Connection, cash_sale_id: int, day: str, reason: str, voucher_id: int) -> None:
    """Note that the cash sale is reversed."""
    db.execute(
        "UPDATE cash_sale SET state = 'reversed', reversed_on = ?, reversal_reason = ?, reversal_voucher_id = ?, change = ? WHERE id = ?",
        (day, reason, voucher_id, next_change(db), cash_sale_id),
    )
