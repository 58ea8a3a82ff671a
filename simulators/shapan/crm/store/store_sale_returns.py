"""SQL of what came back of store sales (门店退货)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.crm.rules.returns import ReturnLine
from shapan.crm.rules.store_sales import Back
from shapan.kernel.money import Tax


def insert(
    db: sqlite3.Connection,
    sale_seq: int,
    lines: Sequence[ReturnLine],
    *,
    reason: str,
    refunds: Sequence[Mapping[str, Any]],
    amount: Tax,
    points: int,
    business_date: str,
    now: str,
) -> sqlite3.Row:
    """Write down what came back of a sale, and count the sale's version up."""
    cursor = db.execute(
        "INSERT INTO store_sale_return (sale_seq, returned_at, business_date, reason, refunds, net_fen, tax_fen, points)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (sale_seq, now, business_date, reason, json.dumps(list(refunds)), amount.net, amount.tax, points),
    )
    db.executemany(
        "INSERT INTO store_sale_return_line (return_seq, line_number, quantity_milli, net_fen, tax_fen)"
        " VALUES (?, ?, ?, ?, ?)",
        [(cursor.lastrowid, *line) for line in lines],
    )
    row: sqlite3.Row = db.execute(
        "UPDATE store_sale SET version = version + 1, updated_at = ? WHERE seq = ? RETURNING *", (now, sale_seq)
    ).fetchone()
    return row


def of_sales(db: sqlite3.Connection, sale_seqs: Iterable[int]) -> dict[int, list[Back]]:
    """What came back of these sales in its order, by the sale's seq, in one statement; of none, nothing."""
    found: dict[int, list[Back]] = {seq: [] for seq in sale_seqs}
    rows = db.execute(
        "SELECT r.*, l.line_number, l.quantity_milli, l.net_fen AS line_net_fen, l.tax_fen AS line_tax_fen"
        " FROM store_sale_return AS r JOIN store_sale_return_line AS l ON l.return_seq = r.seq"
        " WHERE r.sale_seq IN (SELECT value FROM json_each(?)) ORDER BY r.sale_seq, r.seq, l.line_number",
        (json.dumps(list(found)),),
    )
    last = None
    for row in rows:
        if row["seq"] != last:
            last = row["seq"]
            refunds = json.loads(row["refunds"])
            amount = Tax(row["net_fen"], row["tax_fen"])
            back = Back(row["returned_at"], row["business_date"], row["reason"], refunds, amount, row["points"], [])
            found[row["sale_seq"]].append(back)
        line = ReturnLine(row["line_number"], row["quantity_milli"], row["line_net_fen"], row["line_tax_fen"])
        found[row["sale_seq"]][-1].lines.append(line)
    return found
