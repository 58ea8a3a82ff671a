"""SQL of sales orders (销售订单) and their lines. An order is one insert and its lines another, however many they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date

from shapan.crm.rules.deliveries import Delivered
from shapan.crm.rules.orders import Line
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid
from shapan.kernel.money import Tax
from shapan.kernel.numbering import next_number

_LINE_COLUMNS = ", ".join(Line._fields)
_INSERT_LINE = f"INSERT INTO sales_order_line (order_seq, {_LINE_COLUMNS}) VALUES (?{', ?' * len(Line._fields)})"  # noqa: S608


def insert(
    db: sqlite3.Connection,
    *,
    customer_id: str,
    customer_name: str,
    requested_delivery_date: str | None,
    note: str | None,
    lines: Sequence[Line],
    amount: Tax,
    today: date,
    now: str,
    state: str = "draft",
) -> sqlite3.Row:
    """A new order with the next number of the month of `today`: a draft, or in the state that submitting it at once led to."""
    month = f"{today:%Y%m}"
    number = f"ORD-{month}-{next_number(db, f'order-{month}'):05d}"
    row: sqlite3.Row = db.execute(
        "INSERT INTO sales_order (id, number, customer_id, customer_name, state, delivery_status, requested_delivery_date,"
        " note, net_fen, tax_fen, version, created_at, updated_at, submitted_at, confirmed_at, approval_round)"
        " VALUES (?, ?, ?, ?, ?, 'none', ?, ?, ?, ?, 1, ?, ?, ?, ?, ?) RETURNING *",
        (
            new_uuid(),
            number,
            customer_id,
            customer_name,
            state,
            requested_delivery_date,
            note,
            amount.net,
            amount.tax,
            now,
            now,
            None if state == "draft" else now,
            now if state == "confirmed" else None,
            1 if state == "pendingApproval" else 0,
        ),
    ).fetchone()
    _insert_lines(db, row["seq"], lines)
    return row


def _insert_lines(db: sqlite3.Connection, seq: int, lines: Iterable[Line]) -> None:
    db.executemany(_INSERT_LINE, [(seq, *line) for line in lines])


def replace_lines(db: sqlite3.Connection, seq: int, lines: Iterable[Line]) -> None:
    """All lines of an order anew."""
    db.execute("DELETE FROM sales_order_line WHERE order_seq = ?", (seq,))
    _insert_lines(db, seq, lines)


def update_draft(
    db: sqlite3.Connection, seq: int, *, requested_delivery_date: str | None, note: str | None, amount: Tax, now: str
) -> sqlite3.Row:
    """The header of a draft, or of a rejected order that becomes a draft again, with its version counted up."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET state = 'draft', requested_delivery_date = ?, note = ?, net_fen = ?, tax_fen = ?,"
        " version = version + 1, updated_at = ? WHERE seq = ? RETURNING *",
        (requested_delivery_date, note, amount.net, amount.tax, now, seq),
    ).fetchone()
    return row


def delivered_of(row: sqlite3.Row) -> Delivered:
    """What of an order was delivered, as last told."""
    quantities = json.loads(row["delivered"] or "{}")
    return Delivered(row["delivery_status"], {int(number): milli for number, milli in quantities.items()})


def set_delivered(db: sqlite3.Connection, seq: int, delivered: Delivered, fen: int, now: str) -> sqlite3.Row:
    """What of an order was delivered and what that is worth, and when it was all of it, with its version counted up."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET delivery_status = ?1, completed_at = iif(?1 = 'complete', coalesce(completed_at, ?2), NULL),"
        " version = version + 1, updated_at = ?2, delivered = ?3, delivered_fen = ?4 WHERE seq = ?5 RETURNING *",
        (delivered.status, now, json.dumps(dict(delivered.quantities)) if delivered.quantities else None, fen, seq),
    ).fetchone()
    return row


def submit(db: sqlite3.Connection, seq: int, *, approval_round: int, now: str) -> sqlite3.Row:
    """A draft becomes confirmed, or waits for its `approval_round` (0 is none), with the name that its customer has now."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET state = iif(?1 = 0, 'confirmed', 'pendingApproval'), approval_round = ?1, submitted_at = ?2,"
        " confirmed_at = iif(?1 = 0, ?2, confirmed_at), version = version + 1, updated_at = ?2,"
        " customer_name = (SELECT name FROM customer WHERE customer.id = sales_order.customer_id)"
        " WHERE seq = ?3 RETURNING *",
        (approval_round, now, seq),
    ).fetchone()
    return row


def decide(db: sqlite3.Connection, seq: int, state: str, now: str) -> sqlite3.Row:
    """The state that a decision leads to; a confirmed order gets its time and the name that its customer has now."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET state = ?1, confirmed_at = iif(?1 = 'confirmed', ?2, confirmed_at), version = version + 1,"
        " updated_at = ?2, customer_name = iif(?1 = 'confirmed',"
        " (SELECT name FROM customer WHERE customer.id = sales_order.customer_id), customer_name)"
        " WHERE seq = ?3 RETURNING *",
        (state, now, seq),
    ).fetchone()
    return row


def revise(
    db: sqlite3.Connection,
    seq: int,
    *,
    requested_delivery_date: str | None,
    note: str | None,
    amount: Tax,
    approval_round: int,
    pending: bool,
    now: str,
) -> sqlite3.Row:
    """An order in its next revision: confirmed, or waiting for its `approval_round` (0 is none) when that is `pending`."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET revision = revision + 1, requested_delivery_date = ?1, note = ?2, net_fen = ?3, tax_fen = ?4,"
        " state = iif(?8, 'pendingApproval', 'confirmed'), approval_round = ?5,"
        " submitted_at = iif(?8, ?6, submitted_at), version = version + 1, updated_at = ?6 WHERE seq = ?7 RETURNING *",
        (requested_delivery_date, note, amount.net, amount.tax, approval_round, now, seq, pending),
    ).fetchone()
    return row


def cancel(db: sqlite3.Connection, seq: int, reason: str, now: str) -> sqlite3.Row:
    """An order becomes cancelled."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET state = 'cancelled', cancelled_at = ?1, cancel_reason = ?2, version = version + 1,"
        " updated_at = ?1 WHERE seq = ?3 RETURNING *",
        (now, reason, seq),
    ).fetchone()
    return row


def close(db: sqlite3.Connection, seq: int, reason: str, now: str) -> sqlite3.Row:
    """The rest of an order does not come any more."""
    row: sqlite3.Row = db.execute(
        "UPDATE sales_order SET closed_at = ?1, close_reason = ?2, version = version + 1, updated_at = ?1"
        " WHERE seq = ?3 RETURNING *",
        (now, reason, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, order_id: str) -> sqlite3.Row | None:
    """The order with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM sales_order WHERE id = ?", (order_id,)).fetchone()
    return row


def lines_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of these orders in their order, by the order's seq, in one statement."""
    found: dict[int, list[Line]] = {seq: [] for seq in seqs}
    rows = db.execute(
        f"SELECT order_seq, {_LINE_COLUMNS} FROM sales_order_line"  # noqa: S608
        " WHERE order_seq IN (SELECT value FROM json_each(?)) ORDER BY order_seq, line_number",
        (json.dumps(list(found)),),
    )
    for seq, *line in rows:
        found[seq].append(Line(*line))
    return found


def page(
    db: sqlite3.Connection,
    *,
    state: str | None,
    customer_id: str | None,
    number: str | None,
    updated_since: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Orders that match all filters given."""
    filters = {
        "state = ?": state,
        "customer_id = ?": customer_id,
        "number = ?": number,
        "updated_at >= ?": updated_since,
    }
    return select_page(db, "sales_order", filters, after, limit)
