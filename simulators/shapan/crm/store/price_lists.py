"""SQL of price lists (价目表)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.crm.rules.prices import Offer
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("name", "valid_from", "valid_to", "note")
"""The columns that clients write, beside the prices."""

_OFFER_COLUMNS = ", ".join(Offer._fields)


def insert(db: sqlite3.Connection, values: Mapping[str, Any], offers: Sequence[Offer], now: str) -> sqlite3.Row:
    """A new price list."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO price_list (id, name, valid_from, valid_to, note, version, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, 1, ?, ?) RETURNING *",
        (new_uuid(), *(values[column] for column in COLUMNS), now, now),
    ).fetchone()
    _insert_offers(db, row["seq"], offers)
    return row


def update(
    db: sqlite3.Connection, seq: int, values: Mapping[str, Any], offers: Sequence[Offer] | None, now: str
) -> sqlite3.Row:
    """Write all COLUMNS of a price list, and its prices anew unless they are None, and count its version up."""
    if offers is not None:
        db.execute("DELETE FROM price_list_item WHERE price_list_seq = ?", (seq,))
        _insert_offers(db, seq, offers)
    row: sqlite3.Row = db.execute(
        "UPDATE price_list SET name = ?, valid_from = ?, valid_to = ?, note = ?, version = version + 1, updated_at = ?"
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def _insert_offers(db: sqlite3.Connection, seq: int, offers: Iterable[Offer]) -> None:
    db.executemany(
        f"INSERT INTO price_list_item (price_list_seq, position, {_OFFER_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
        [(seq, position, *offer) for position, offer in enumerate(offers, 1)],
    )


def find(db: sqlite3.Connection, price_list_id: str) -> sqlite3.Row | None:
    """The price list with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM price_list WHERE id = ?", (price_list_id,)).fetchone()
    return row


def offers_in(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[Offer]]:
    """The prices of these price lists in their order, by the list's seq, in one statement."""
    found: dict[int, list[Offer]] = {seq: [] for seq in seqs}
    rows = db.execute(
        f"SELECT price_list_seq, {_OFFER_COLUMNS} FROM price_list_item"  # noqa: S608
        " WHERE price_list_seq IN (SELECT value FROM json_each(?)) ORDER BY price_list_seq, position",
        (json.dumps(list(found)),),
    )
    for seq, *offer in rows:
        found[seq].append(Offer(*offer))
    return found


def offers_of(
    db: sqlite3.Connection, price_list_id: str | None, day: date, codes: Iterable[str]
) -> dict[str, list[Offer]]:
    """What a customer's price list offers on `day` for products with these codes, by code; nothing when there is no list or it is not valid."""
    if price_list_id is None:
        return {}
    rows = db.execute(
        "SELECT product_code, minimum_quantity, price_fen FROM price_list_item WHERE price_list_seq ="
        " (SELECT seq FROM price_list WHERE id = ?1 AND valid_from <= ?2 AND (valid_to IS NULL OR valid_to >= ?2))"
        " AND product_code IN (SELECT value FROM json_each(?3))",
        (price_list_id, day.isoformat(), json.dumps(list(codes))),
    )
    found: dict[str, list[Offer]] = {}
    for row in rows:
        found.setdefault(row["product_code"], []).append(Offer(*row))
    return found


def page(
    db: sqlite3.Connection, *, name: str | None, updated_since: str | None, after: Position, limit: int
) -> list[sqlite3.Row]:
    """Price lists that match all filters given."""
    filters = {"name = ?": name, "updated_at >= ?": updated_since}
    return select_page(db, "price_list", filters, after, limit)
