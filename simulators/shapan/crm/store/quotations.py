"""SQL of quotations (报价单) and their lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date

from shapan.crm.rules.orders import Line
from shapan.crm.store.numbers import document_number
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid
from shapan.kernel.money import Tax

_LINE_COLUMNS = ", ".join(Line._fields)
_INSERT_LINE = f"INSERT INTO quotation_line (quotation_seq, {_LINE_COLUMNS}) VALUES (?{', ?' * len(Line._fields)})"  # noqa: S608


def insert(
    db: sqlite3.Connection,
    customer: sqlite3.Row,
    *,
    opportunity_id: str | None,
    valid_until: str,
    note: str | None,
    lines: Sequence[Line],
    amount: Tax,
    today: date,
    now: str,
) -> sqlite3.Row:
    """A new draft with the next number of the month."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO quotation (id, number, customer_id, customer_name, opportunity_id, state, valid_until, note, net_fen,"
        " tax_fen, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'draft', ?, ?, ?, ?, 1, ?, ?) RETURNING *",
        (
            new_uuid(),
            document_number(db, "QUO", today),
            customer["id"],
            customer["name"],
            opportunity_id,
            valid_until,
            note,
            amount.net,
            amount.tax,
            now,
            now,
        ),
    ).fetchone()
    _insert_lines(db, row["seq"], lines)
    return row


def _insert_lines(db: sqlite3.Connection, seq: int, lines: Iterable[Line]) -> None:
    db.executemany(_INSERT_LINE, [(seq, *line) for line in lines])


def update_draft(
    db: sqlite3.Connection,
    seq: int,
    *,
    opportunity_id: str | None,
    valid_until: str,
    note: str | None,
    lines: Sequence[Line],
    amount: Tax,
    now: str,
) -> sqlite3.Row:
    """What of a draft can change, all anew, with its version counted up."""
    db.execute("DELETE FROM quotation_line WHERE quotation_seq = ?", (seq,))
    _insert_lines(db, seq, lines)
    row: sqlite3.Row = db.execute(
        "UPDATE quotation SET opportunity_id = ?, valid_until = ?, note = ?, net_fen = ?, tax_fen = ?, version = version + 1,"
        " updated_at = ? WHERE seq = ? RETURNING *",
        (opportunity_id, valid_until, note, amount.net, amount.tax, now, seq),
    ).fetchone()
    return row


def send(db: sqlite3.Connection, seq: int, now: str) -> sqlite3.Row:
    """A draft becomes sent, with the name that its customer has now."""
    row: sqlite3.Row = db.execute(
        "UPDATE quotation SET state = 'sent', sent_at = ?1, version = version + 1, updated_at = ?1,"
        " customer_name = (SELECT name FROM customer WHERE customer.id = quotation.customer_id)"
        " WHERE seq = ?2 RETURNING *",
        (now, seq),
    ).fetchone()
    return row


def accept(db: sqlite3.Connection, seq: int, order_id: str, now: str) -> sqlite3.Row:
    """A sent quotation becomes accepted, and names the order that came of it."""
    row: sqlite3.Row = db.execute(
        "UPDATE quotation SET state = 'accepted', order_id = ?1, decided_at = ?2, version = version + 1, updated_at = ?2"
        " WHERE seq = ?3 RETURNING *",
        (order_id, now, seq),
    ).fetchone()
    return row


def reject(db: sqlite3.Connection, seq: int, reason: str, now: str) -> sqlite3.Row:
    """A sent quotation becomes rejected."""
    row: sqlite3.Row = db.execute(
        "UPDATE quotation SET state = 'rejected', reject_reason = ?1, decided_at = ?2, version = version + 1, updated_at = ?2"
        " WHERE seq = ?3 RETURNING *",
        (reason, now, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, quotation_id: str) -> sqlite3.Row | None:
    """The quotation with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM quotation WHERE id = ?", (quotation_id,)).fetchone()
    return row


def lines_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of these quotations in their order, by the quotation's seq, in one statement."""
    found: dict[int, list[Line]] = {seq: [] for seq in seqs}
    rows = db.execute(
        f"SELECT quotation_seq, {_LINE_COLUMNS} FROM quotation_line"  # noqa: S608
        " WHERE quotation_seq IN (SELECT value FROM json_each(?)) ORDER BY quotation_seq, line_number",
        (json.dumps(list(found)),),
    )
    for seq, *line in rows:
        found[seq].append(Line(*line))
    return found


def next_last_day(db: sqlite3.Connection, first: str) -> str | None:
    """The earliest last day (ISO date), `first` or later, of a sent quotation."""
    # Named, or the index by state would be taken and all that was ever sent be read.
    row = db.execute(
        "SELECT min(valid_until) FROM quotation INDEXED BY idx_quotation_expiring WHERE state = 'sent' AND valid_until >= ?",
        (first,),
    ).fetchone()
    return None if row[0] is None else str(row[0])


def valid_until(db: sqlite3.Connection, last: str) -> list[sqlite3.Row]:
    """Sent quotations whose last day is this one, in the order of creation."""
    return db.execute(
        "SELECT * FROM quotation WHERE state = 'sent' AND valid_until = ? ORDER BY seq", (last,)
    ).fetchall()


def page(
    db: sqlite3.Connection,
    *,
    state: str | None,
    customer_id: str | None,
    opportunity_id: str | None,
    number: str | None,
    updated_since: str | None,
    today: date,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Quotations that match all filters given; `state` is that of `today`, by which a sent one may have expired."""
    sent = state in ("sent", "expired")
    filters = {
        "state = ?": "sent" if sent else state,
        "valid_until >= ?": today.isoformat() if state == "sent" else None,
        "valid_until < ?": today.isoformat() if state == "expired" else None,
        "customer_id = ?": customer_id,
        "opportunity_id = ?": opportunity_id,
        "number = ?": number,
        "updated_at >= ?": updated_since,
    }
    return select_page(db, "quotation", filters, after, limit)
