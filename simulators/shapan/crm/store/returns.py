"""SQL of returns (退货申请) and their lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shapan.crm.rules.returns import ReturnLine
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid
from shapan.kernel.numbering import next_number


def insert(
    db: sqlite3.Connection, order: sqlite3.Row, lines: Sequence[ReturnLine], reason: str, *, today: date, now: str
) -> sqlite3.Row:
    """A new return of an order, with the next number of the month of `today`."""
    month = f"{today:%Y%m}"
    row: sqlite3.Row = db.execute(
        "INSERT INTO return_request (id, number, order_seq, customer_id, state, reason, net_fen, tax_fen, version, requested_at,"
        " updated_at) VALUES (?, ?, ?, ?, 'requested', ?, ?, ?, 1, ?, ?) RETURNING *",
        (
            new_uuid(),
            f"RET-{month}-{next_number(db, f'return-{month}'):05d}",
            order["seq"],
            order["customer_id"],
            reason,
            sum(line.net_fen for line in lines),
            sum(line.tax_fen for line in lines),
            now,
            now,
        ),
    ).fetchone()
    db.executemany(
        "INSERT INTO return_line (return_seq, line_number, quantity_milli, net_fen, tax_fen) VALUES (?, ?, ?, ?, ?)",
        [(row["seq"], *line) for line in lines],
    )
    return row


def step(db: sqlite3.Connection, seq: int, state: str, values: Mapping[str, str | None], now: str) -> sqlite3.Row:
    """A return in its next state, with these columns (constants of this package, never input)."""
    columns = "".join(f", {column} = ?" for column in values)
    row: sqlite3.Row = db.execute(
        f"UPDATE return_request SET state = ?, version = version + 1, updated_at = ?{columns} WHERE seq = ? RETURNING *",  # noqa: S608
        (state, now, *values.values(), seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, return_id: str) -> sqlite3.Row | None:
    """The return with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM return_request WHERE id = ?", (return_id,)).fetchone()
    return row


def returned(db: sqlite3.Connection, order_seq: int) -> dict[int, ReturnLine]:
    """What is on returns of an order that were not rejected, by line of the order."""
    rows = db.execute(
        "SELECT l.line_number, sum(l.quantity_milli), sum(l.net_fen), sum(l.tax_fen) FROM return_request AS r"
        " JOIN return_line AS l ON l.return_seq = r.seq WHERE r.order_seq = ? AND r.state <> 'rejected' GROUP BY l.line_number",
        (order_seq,),
    )
    return {row[0]: ReturnLine(*row) for row in rows}


def lines_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """The lines of these returns with what the order's line says, by the return's seq, in one statement."""
    found: dict[int, list[sqlite3.Row]] = {seq: [] for seq in seqs}
    rows = db.execute(
        "SELECT r.seq AS return_seq, l.line_number, l.quantity_milli, l.net_fen, l.tax_fen, o.product_code, o.product_name, o.unit,"
        " o.unit_price_fen, o.discount_bp, o.tax_rate_bp FROM json_each(?) AS wanted JOIN return_request AS r ON r.seq = wanted.value"
        " JOIN return_line AS l ON l.return_seq = r.seq"
        " JOIN sales_order_line AS o ON o.order_seq = r.order_seq AND o.line_number = l.line_number"
        " ORDER BY r.seq, l.line_number",
        (json.dumps(list(found)),),
    )
    for row in rows:
        found[row["return_seq"]].append(row)
    return found


def orders_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, sqlite3.Row]:
    """Id and number of these orders, by seq, in one statement."""
    rows = db.execute(
        "SELECT seq, id, number FROM sales_order WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )
    return {row["seq"]: row for row in rows}


def page(
    db: sqlite3.Connection,
    *,
    state: str | None,
    order_seq: int | None,
    customer_id: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Returns that match all filters given."""
    filters = {"state = ?": state, "order_seq = ?": order_seq, "customer_id = ?": customer_id}
    return select_page(db, "return_request", filters, after, limit)
