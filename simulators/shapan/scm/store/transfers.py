"""Transfers, their lines and what of them is on its way (调拨单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.scm.rules.transfers import InTransit
from shapan.scm.store.query import page_of

_TRANSFER = (
    "id, number, state, from_warehouse_code, to_warehouse_code, send_date, receive_date, note, source_system, source_document, source_id,"
    " loss_reason, created_at, updated_at, sent_at, received_at, cancelled_at"
)


def insert(db: sqlite3.Connection, transfer: Mapping[str, Any], lines: Sequence[tuple[str, int, str | None]]) -> None:
    """Add a draft. `lines` are (product, quantity, batch asked for)."""
    transfer_id = db.execute(
        "INSERT INTO transfer (number, state, from_warehouse_code, to_warehouse_code, note, source_system, source_document, source_id,"
        " created_at, updated_at) VALUES (:number, 'draft', :from_warehouse_code, :to_warehouse_code, :note, :source_system,"
        " :source_document, :source_id, :created_at, :created_at)",
        transfer,
    ).lastrowid
    db.executemany(
        "INSERT INTO transfer_line (transfer_id, line_no, product_code, quantity_milli, batch_no) VALUES (?, ?, ?, ?, ?)",
        [(transfer_id, line_no, *line) for line_no, line in enumerate(lines, 1)],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The transfer of this number."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_TRANSFER} FROM transfer WHERE number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection, state: str | None, from_code: str | None, to_code: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of transfers in the order of entry, and the number of matches."""
    filters = {"state": state, "from_warehouse_code": from_code, "to_warehouse_code": to_code}
    return page_of(db, _TRANSFER, "transfer", filters, "id", page, page_size)


def lines_of(db: sqlite3.Connection, transfer_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Transfer id -> its lines in order, each with its product's name and base unit."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.transfer_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.batch_no, l.cost_fen,"
        " l.loss_fen FROM transfer_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.transfer_id IN (SELECT value FROM json_each(?)) ORDER BY l.transfer_id, l.line_no",
        (json.dumps(list(transfer_ids)),),
    ):
        lines.setdefault(row["transfer_id"], []).append(row)
    return lines


def parts_of(db: sqlite3.Connection, transfer_ids: Iterable[int]) -> dict[tuple[int, int], list[sqlite3.Row]]:
    """(transfer id, line) -> its parts by batch, those that expire first in front."""
    parts: dict[tuple[int, int], list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT t.transfer_id, t.line_no, t.part_no, t.batch_no, b.production_date, b.expiry_date, t.sent_milli, t.received_milli,"
        " t.lost_milli FROM transfer_part AS t JOIN transfer_line AS l ON l.transfer_id = t.transfer_id AND l.line_no = t.line_no"
        " LEFT JOIN batch AS b ON b.product_code = l.product_code AND b.batch_no = t.batch_no"
        " WHERE t.transfer_id IN (SELECT value FROM json_each(?))"
        " ORDER BY t.transfer_id, t.line_no, coalesce(b.expiry_date, '9'), t.batch_no",
        (json.dumps(list(transfer_ids)),),
    ):
        parts.setdefault((row["transfer_id"], row["line_no"]), []).append(row)
    return parts


def in_transit(db: sqlite3.Connection, transfer_id: int) -> list[InTransit]:
    """The parts of a transfer with what of each is on its way, nothing too."""
    return [
        InTransit(
            line_no, row["part_no"], row["batch_no"], row["sent_milli"] - row["received_milli"] - row["lost_milli"]
        )
        for (_, line_no), rows in sorted(parts_of(db, [transfer_id]).items())
        for row in rows
    ]


def send(db: sqlite3.Connection, transfer_id: int, day: str, now: str) -> None:
    """draft -> sent."""
    db.execute(
        "UPDATE transfer SET state = 'sent', send_date = ?, sent_at = ?, updated_at = ? WHERE id = ?",
        (day, now, now, transfer_id),
    )


def send_line(
    db: sqlite3.Connection, transfer_id: int, line_no: int, cost_fen: int, parts: Iterable[tuple[str | None, int]]
) -> None:
    """A line has left: what it is worth, and (batch, quantity) of its parts."""
    db.execute(
        "UPDATE transfer_line SET cost_fen = ? WHERE transfer_id = ? AND line_no = ?", (cost_fen, transfer_id, line_no)
    )
    db.executemany(
        "INSERT INTO transfer_part (transfer_id, line_no, part_no, batch_no, sent_milli) VALUES (?, ?, ?, ?, ?)",
        [(transfer_id, line_no, part_no, batch_no, milli) for part_no, (batch_no, milli) in enumerate(parts, 1)],
    )


def receive_part(db: sqlite3.Connection, transfer_id: int, part: InTransit, milli: int) -> None:
    """A part, or a piece of it, has arrived."""
    db.execute(
        "UPDATE transfer_part SET received_milli = received_milli + ? WHERE transfer_id = ? AND line_no = ? AND part_no = ?",
        (milli, transfer_id, part.line_no, part.part_no),
    )


def lose_part(db: sqlite3.Connection, transfer_id: int, part: InTransit, loss_fen: int) -> None:
    """All that is on its way of a part is lost; `loss_fen` is what it was worth."""
    db.execute(
        "UPDATE transfer_part SET lost_milli = sent_milli - received_milli WHERE transfer_id = ? AND line_no = ? AND part_no = ?",
        (transfer_id, part.line_no, part.part_no),
    )
    db.execute(
        "UPDATE transfer_line SET loss_fen = loss_fen + ? WHERE transfer_id = ? AND line_no = ?",
        (loss_fen, transfer_id, part.line_no),
    )


def receive(
    db: sqlite3.Connection, transfer_id: int, day: str, now: str, *, done: bool, loss_reason: str | None
) -> None:
    """Note a receipt; `done` makes it received."""
    db.execute(
        "UPDATE transfer SET state = iif(?, 'received', state), receive_date = ?, received_at = iif(?, ?, received_at), loss_reason = ?,"
        " updated_at = ? WHERE id = ?",
        (done, day, done, now, loss_reason, now, transfer_id),
    )


def cancel(db: sqlite3.Connection, transfer_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE transfer SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, transfer_id),
    )
