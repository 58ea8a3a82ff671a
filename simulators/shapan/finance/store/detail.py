"""The ledger of an account line by line, and its balances by a dimension (明细账, 辅助核算余额)."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

_FILTERS = (
    " AND (:customer_id IS NULL OR customer_id = :customer_id) AND (:supplier_id IS NULL OR supplier_id = :supplier_id)"
    " AND (:product_code IS NULL OR product_code = :product_code) AND (:store_code IS NULL OR store_code = :store_code)"
)
_OF_ACCOUNT = "substr(account_code, 1, length(:account_code)) = :account_code"
_LINES = "voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id"
_NAMES = {
    "customer": ("customer_id", "SELECT short_name FROM customer WHERE id = s.key"),
    "supplier": ("supplier_id", "SELECT short_name FROM supplier WHERE id = s.key"),
    "product": ("product_code", "SELECT name FROM inventory_item WHERE code = s.key"),
    "store": ("store_code", "SELECT name FROM store WHERE code = s.key"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """Which lines of the ledger are asked for: an account and those below it, periods, and dimensions (None: any)."""

    account_code: str
    first: str
    last: str
    customer_id: int | None = None
    supplier_id: int | None = None
    product_code: str | None = None
    store_code: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters of the statements below."""
        return asdict(self)


def before(db: sqlite3.Connection, question: Question) -> int:
    """Debits less credits before the first period."""
    row = db.execute(
        "SELECT coalesce(sum(amount), 0) FROM ("  # noqa: S608
        f"  SELECT debit_fen - credit_fen AS amount FROM opening_balance WHERE {_OF_ACCOUNT}{_FILTERS}"
        f"  UNION ALL SELECT debit_fen - credit_fen FROM {_LINES} WHERE v.period < :first AND {_OF_ACCOUNT}{_FILTERS})",
        question.parameters(),
    ).fetchone()
    return int(row[0])


def sums(db: sqlite3.Connection, question: Question) -> tuple[int, int]:
    """(debits, credits) of all lines that are asked for."""
    row = db.execute(
        f"SELECT coalesce(sum(debit_fen), 0), coalesce(sum(credit_fen), 0) FROM {_LINES}"  # noqa: S608
        f" WHERE v.period BETWEEN :first AND :last AND {_OF_ACCOUNT}{_FILTERS}",
        question.parameters(),
    ).fetchone()
    return int(row[0]), int(row[1])


def lines(db: sqlite3.Connection, question: Question, skip: int, limit: int) -> tuple[int, list[sqlite3.Row], bool]:
    """(debits less credits of the lines left out at the beginning, lines, whether more follow), by period and order of posting."""
    asked = (
        f"SELECT v.id AS voucher_id, v.period, v.date, v.word, v.number, l.line_no, l.summary, l.account_code, l.customer_id,"  # noqa: S608
        f" l.supplier_id, l.product_code, l.store_code, l.quantity_milli, l.debit_fen, l.credit_fen FROM {_LINES}"
        f" WHERE v.period BETWEEN :first AND :last AND {_OF_ACCOUNT}{_FILTERS} ORDER BY v.period, v.id, l.line_no"
    )
    parameters = {**question.parameters(), "skip": skip, "limit": limit + 1}
    left_out = db.execute(
        f"SELECT coalesce(sum(debit_fen - credit_fen), 0) FROM ({asked} LIMIT :skip)",  # noqa: S608
        parameters,
    ).fetchone()[0]
    rows = db.execute(f"{asked} LIMIT :limit OFFSET :skip", parameters).fetchall()
    return int(left_out), rows[:limit], len(rows) > limit


def by_dimension(db: sqlite3.Connection, account_code: str, dimension: str, period: str) -> list[sqlite3.Row]:
    """key, name, opening (debits less credits), debit, credit and closing quantity by what the dimension names; by key."""
    column, name = _NAMES[dimension]
    return db.execute(
        f"SELECT s.*, ({name}) AS name FROM ("  # noqa: S608
        f"  SELECT {column} AS key, sum(opening) AS opening, sum(debit) AS debit, sum(credit) AS credit, sum(quantity) AS quantity FROM ("
        f"    SELECT {column}, debit_fen - credit_fen AS opening, 0 AS debit, 0 AS credit,"
        "      CASE WHEN debit_fen <> 0 THEN 1 ELSE -1 END * coalesce(quantity_milli, 0) AS quantity"
        f"    FROM opening_balance WHERE {_OF_ACCOUNT}"
        f"    UNION ALL SELECT l.{column}, CASE WHEN v.period < :period THEN l.debit_fen - l.credit_fen ELSE 0 END,"
        "      CASE WHEN v.period = :period THEN l.debit_fen ELSE 0 END, CASE WHEN v.period = :period THEN l.credit_fen ELSE 0 END,"
        "      CASE WHEN l.debit_fen <> 0 THEN 1 ELSE -1 END * coalesce(l.quantity_milli, 0)"
        f"    FROM {_LINES} WHERE v.period <= :period AND {_OF_ACCOUNT}"
        "  ) GROUP BY key HAVING sum(opening) <> 0 OR sum(debit) <> 0 OR sum(credit) <> 0 OR sum(quantity) <> 0"
        ") AS s ORDER BY s.key",
        {"account_code": account_code, "period": period},
    ).fetchall()
