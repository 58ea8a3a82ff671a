"""What the movements of documents moved (单据流水), to be given back the way it went, and what an issue may take."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from shapan.scm.rules.issues import Holding
from shapan.scm.rules.parts import Part
from shapan.scm.store import batches


def parts_of(db: sqlite3.Connection, documents: Iterable[str], kind: str) -> list[Part]:
    """The movements of this kind of these documents, in the order of booking, without their sign."""
    return [
        Part(
            row["source_document"],
            row["source_line"],
            row["product_code"],
            row["batch_no"],
            abs(row["change_milli"]),
            abs(row["value_change_fen"]),
        )
        for row in db.execute(
            "SELECT source_document, source_line, product_code, batch_no, change_milli, value_change_fen FROM movement"
            " WHERE source_document IN (SELECT value FROM json_each(?)) AND kind = ? ORDER BY id",
            (json.dumps(sorted(set(documents))), kind),
        )
    ]


def holdings(db: sqlite3.Connection, warehouse_code: str, product_codes: Iterable[str]) -> dict[str, Holding]:
    """Product -> what this warehouse has of it and has not reserved, with its batches."""
    return {
        row["code"]: Holding(
            row["unreserved"],
            tuple(batches.balances(db, warehouse_code, row["code"])) if row["batch_managed"] else None,
        )
        for row in db.execute(
            "SELECT p.code, p.batch_managed, coalesce(s.on_hand_milli - s.reserved_milli, 0) AS unreserved FROM product AS p"
            " LEFT JOIN stock AS s ON s.product_code = p.code AND s.warehouse_code = ?"
            " WHERE p.code IN (SELECT value FROM json_each(?))",
            (warehouse_code, json.dumps(sorted(set(product_codes)))),
        )
    }
