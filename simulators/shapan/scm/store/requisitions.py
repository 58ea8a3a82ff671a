"""Purchase requisitions and their lines (采购申请)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.scm.rules.purchase_orders import Reference, Requested
from shapan.scm.rules.requisitions import Needed
from shapan.scm.store.query import page_of

_REQUISITION = (
    "id, number, state, warehouse_code, requested_by, needed_date, note, source_system, source_document, source_id, created_at, updated_at,"
    " approved_at, closed_at"
)


def insert(db: sqlite3.Connection, requisition: Mapping[str, Any], lines: Sequence[Needed]) -> None:
    """Add a draft."""
    requisition_id = db.execute(
        "INSERT INTO purchase_requisition (number, state, warehouse_code, requested_by, needed_date, note, source_system,"
        " source_document, source_id, created_at, updated_at) VALUES (:number, 'draft', :warehouse_code, :requested_by, :needed_date,"
        " :note, :source_system, :source_document, :source_id, :created_at, :created_at)",
        requisition,
    ).lastrowid
    db.executemany(
        "INSERT INTO purchase_requisition_line (requisition_id, line_no, product_code, quantity_milli) VALUES (?, ?, ?, ?)",
        [(requisition_id, line_no, line.product_code, line.quantity_milli) for line_no, line in enumerate(lines, 1)],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The requisition of this number."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_REQUISITION} FROM purchase_requisition WHERE number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def page(db: sqlite3.Connection, state: str | None, page: int, page_size: int) -> tuple[list[sqlite3.Row], int]:
    """A page of requisitions in the order of entry, and the number of matches."""
    return page_of(db, _REQUISITION, "purchase_requisition", {"state": state}, "id", page, page_size)


def lines_of(db: sqlite3.Connection, requisition_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Requisition id -> its lines in order, each with its product's name and base unit."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.requisition_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.ordered_milli"
        " FROM purchase_requisition_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.requisition_id IN (SELECT value FROM json_each(?)) ORDER BY l.requisition_id, l.line_no",
        (json.dumps(list(requisition_ids)),),
    ):
        lines.setdefault(row["requisition_id"], []).append(row)
    return lines


def requested(db: sqlite3.Connection, references: Iterable[Reference]) -> dict[Reference, Requested]:
    """(number, line) -> what it asks for and what of it is open. Lines that do not exist are left out."""
    wanted = set(references)
    return {
        (row["number"], row["line_no"]): Requested(row["state"], row["product_code"], row["open_milli"])
        for row in db.execute(
            "SELECT r.number, l.line_no, r.state, l.product_code, l.quantity_milli - l.ordered_milli AS open_milli"
            " FROM purchase_requisition_line AS l JOIN purchase_requisition AS r ON r.id = l.requisition_id"
            " WHERE r.number IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted({number for number, _ in wanted})),),
        )
        if (row["number"], row["line_no"]) in wanted
    }


def take(db: sqlite3.Connection, number: str, line_no: int, milli: int, now: str) -> None:
    """An order takes of a line, or gives back when negative; approved <-> ordered with the last piece. A closed one stays closed."""
    requisition_id = db.execute("SELECT id FROM purchase_requisition WHERE number = ?", (number,)).fetchone()[0]
    db.execute(
        "UPDATE purchase_requisition_line SET ordered_milli = ordered_milli + ? WHERE requisition_id = ? AND line_no = ?",
        (milli, requisition_id, line_no),
    )
    db.execute(
        "UPDATE purchase_requisition SET updated_at = ?, state = CASE WHEN state NOT IN ('approved', 'ordered') THEN state"
        " WHEN EXISTS (SELECT 1 FROM purchase_requisition_line AS l WHERE l.requisition_id = purchase_requisition.id"
        " AND l.ordered_milli < l.quantity_milli) THEN 'approved' ELSE 'ordered' END WHERE id = ?",
        (now, requisition_id),
    )


def approve(db: sqlite3.Connection, requisition_id: int, now: str) -> None:
    """draft -> approved."""
    db.execute(
        "UPDATE purchase_requisition SET state = 'approved', approved_at = ?, updated_at = ? WHERE id = ?",
        (now, now, requisition_id),
    )


def close(db: sqlite3.Connection, requisition_id: int, now: str) -> None:
    """draft or approved -> closed."""
    db.execute(
        "UPDATE purchase_requisition SET state = 'closed', closed_at = ?, updated_at = ? WHERE id = ?",
        (now, now, requisition_id),
    )
