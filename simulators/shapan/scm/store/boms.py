"""Bills of materials and their lines (物料清单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.scm.rules.boms import Bom, BomLine

_BOM = (
    "b.id, b.code, b.product_code, p.name AS product_name, p.base_unit, b.version, b.state, b.base_milli, b.effective_from, b.effective_to,"
    " b.note, b.created_at, b.updated_at, b.retired_at"
)
_BOMS = "bom AS b JOIN product AS p ON p.code = b.product_code"
_IN_FORCE = "b.state = 'active' AND b.effective_from <= :day AND (b.effective_to IS NULL OR b.effective_to >= :day)"


def insert(db: sqlite3.Connection, bom: Mapping[str, Any], lines: Sequence[BomLine]) -> str:
    """Add a version of a product's bill and give it the next code, BOM00001."""
    # The id is the serial: inside the write transaction nobody else can take it.
    serial = db.execute("SELECT coalesce(max(id), 0) + 1 FROM bom").fetchone()[0]
    code = f"BOM{serial:05d}"
    db.execute(
        "INSERT INTO bom (id, code, product_code, version, state, base_milli, effective_from, effective_to, note, created_at, updated_at)"
        " SELECT :id, :code, :product_code, coalesce(max(version), 0) + 1, 'active', :base_milli, :effective_from, :effective_to, :note,"
        " :created_at, :created_at FROM bom WHERE product_code = :product_code",
        {**bom, "id": serial, "code": code},
    )
    db.executemany(
        "INSERT INTO bom_line (bom_id, line_no, product_code, quantity_milli, scrap_bp) VALUES (?, ?, ?, ?, ?)",
        [(serial, line_no, *line) for line_no, line in enumerate(lines, 1)],
    )
    return code


def get(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The bill of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_BOM} FROM {_BOMS} WHERE b.code = ?", (code,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection, product_code: str | None, state: str | None, day: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of bills in the order of their codes, and the number of matches; with `day` only those in force then."""
    given = {"product": product_code, "state": state, "day": day}
    where = [
        sql
        for name, sql in (
            ("product", "b.product_code = :product"),
            ("state", "b.state = :state"),
            ("day", _IN_FORCE),
        )
        if given[name] is not None
    ]
    source = _BOMS + (f" WHERE {' AND '.join(where)}" if where else "")
    total = db.execute(f"SELECT count(*) FROM {source}", given).fetchone()[0]  # noqa: S608
    rows = db.execute(
        f"SELECT {_BOM} FROM {source} ORDER BY b.id LIMIT :size OFFSET :skip",  # noqa: S608
        {**given, "size": page_size, "skip": (page - 1) * page_size},
    ).fetchall()
    return rows, total


def lines_of(db: sqlite3.Connection, bom_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Bill id -> its lines in order, each with its material's name and base unit."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.bom_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.scrap_bp"
        " FROM bom_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.bom_id IN (SELECT value FROM json_each(?)) ORDER BY l.bom_id, l.line_no",
        (json.dumps(list(bom_ids)),),
    ):
        lines.setdefault(row["bom_id"], []).append(row)
    return lines


def bill(db: sqlite3.Connection, code: str) -> Bom:
    """The bill of this code, which exists, as the rules explode it."""
    row = db.execute("SELECT id, code, product_code, base_milli FROM bom WHERE code = ?", (code,)).fetchone()
    lines = db.execute(
        "SELECT product_code, quantity_milli, scrap_bp FROM bom_line WHERE bom_id = ? ORDER BY line_no", (row["id"],)
    )
    return Bom(row["code"], row["product_code"], row["base_milli"], tuple(BomLine(*line) for line in lines))


def in_force(db: sqlite3.Connection, product_code: str, day: str) -> str | None:
    """Code of the bill that counts for a product on a day: the highest version that is active and in force. None without one."""
    row = db.execute(
        f"SELECT b.code FROM bom AS b WHERE b.product_code = :product AND {_IN_FORCE} ORDER BY b.version DESC LIMIT 1",  # noqa: S608
        {"product": product_code, "day": day},
    ).fetchone()
    return None if row is None else str(row["code"])


def made_of(db: sqlite3.Connection) -> dict[str, set[str]]:
    """Product -> the materials of all its active bills, whatever their dates."""
    edges: dict[str, set[str]] = {}
    for product_code, material in db.execute(
        "SELECT b.product_code, l.product_code FROM bom AS b JOIN bom_line AS l ON l.bom_id = b.id WHERE b.state = 'active'"
    ):
        edges.setdefault(product_code, set()).add(material)
    return edges


def retire(db: sqlite3.Connection, bom_id: int, now: str) -> None:
    """active -> retired."""
    db.execute("UPDATE bom SET state = 'retired', retired_at = ?, updated_at = ? WHERE id = ?", (now, now, bom_id))
