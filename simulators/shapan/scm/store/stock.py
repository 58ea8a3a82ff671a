"""Stock balances, their value and the movement ledger (库存). A balance only ever changes together with a movement or a reservation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from shapan.kernel.money import share
from shapan.scm.rules.batches import first_expiry_first_out, short_refusal
from shapan.scm.rules.costing import Cost, at_average, issue_value, value_refusal
from shapan.scm.rules.stock import not_there_refusal
from shapan.scm.store import batches as store_batches
from shapan.scm.store.query import draw_number, page_of

_BALANCE = (
    "s.product_code, p.name, s.warehouse_code, p.base_unit, s.on_hand_milli, s.reserved_milli,"
    " coalesce(c.quantity_milli, 0) AS company_milli, coalesce(c.value_fen, 0) AS company_value_fen"
)
_BALANCES = "stock AS s JOIN product AS p ON p.code = s.product_code LEFT JOIN product_cost AS c ON c.product_code = s.product_code"
_MOVEMENT = (
    "m.number, m.kind, m.warehouse_code, m.product_code, p.base_unit, m.change_milli, m.on_hand_after_milli, m.value_change_fen,"
    " m.company_after_milli, m.value_after_fen, m.batch_no, m.business_date, m.source_document, m.note, m.created_at"
)
_MOVEMENTS = "movement AS m JOIN product AS p ON p.code = m.product_code"


def balances(
    db: sqlite3.Connection, product_code: str | None, warehouse_code: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of balances by product and warehouse, and the number of matches."""
    return page_of(
        db,
        _BALANCE,
        _BALANCES,
        {"s.product_code": product_code, "s.warehouse_code": warehouse_code},
        "s.product_code, s.warehouse_code",
        page,
        page_size,
    )


def available(db: sqlite3.Connection, warehouse_code: str, product_codes: Iterable[str], day: date) -> dict[str, int]:
    """Product -> on hand less reserved less what is expired on `day`, in this warehouse (可用量). Products that it never held are left out."""
    return {
        row["product_code"]: row["available"]
        for row in db.execute(
            "SELECT s.product_code, max(0, s.on_hand_milli - s.reserved_milli - coalesce((SELECT sum(bs.on_hand_milli)"
            " FROM batch_stock AS bs JOIN batch AS b ON b.product_code = bs.product_code AND b.batch_no = bs.batch_no"
            " WHERE bs.product_code = s.product_code AND bs.warehouse_code = s.warehouse_code AND b.expiry_date < ?), 0)) AS available"
            " FROM stock AS s"
            " WHERE s.warehouse_code = ? AND s.product_code IN (SELECT value FROM json_each(?))",
            (day.isoformat(), warehouse_code, json.dumps(sorted(set(product_codes)))),
        )
    }


def unexpired(db: sqlite3.Connection, warehouse_code: str, product_codes: Iterable[str], day: date) -> dict[str, int]:
    """Product -> what of its batches in this warehouse may be issued on `day`. Products that are not kept in batches are left out."""
    return {
        row["code"]: row["usable"]
        for row in db.execute(
            "SELECT p.code, coalesce((SELECT sum(bs.on_hand_milli) FROM batch_stock AS bs"
            " JOIN batch AS b ON b.product_code = bs.product_code AND b.batch_no = bs.batch_no"
            " WHERE bs.product_code = p.code AND bs.warehouse_code = ? AND (b.expiry_date IS NULL OR b.expiry_date >= ?)), 0) AS usable"
            " FROM product AS p WHERE p.batch_managed AND p.code IN (SELECT value FROM json_each(?))",
            (warehouse_code, day.isoformat(), json.dumps(sorted(set(product_codes)))),
        )
    }


def unreserved(db: sqlite3.Connection, warehouse_code: str, product_code: str) -> int:
    """On hand less reserved, expired batches included."""
    row = db.execute(
        "SELECT on_hand_milli - reserved_milli FROM stock WHERE product_code = ? AND warehouse_code = ?",
        (product_code, warehouse_code),
    ).fetchone()
    return 0 if row is None else int(row[0])


def expired(db: sqlite3.Connection, product_codes: Iterable[str], day: date) -> dict[tuple[str, str], int]:
    """(product, warehouse) -> what lies there in batches that are expired on `day`; balances without any are left out."""
    return {
        (row["product_code"], row["warehouse_code"]): row["expired"]
        for row in db.execute(
            "SELECT bs.product_code, bs.warehouse_code, sum(bs.on_hand_milli) AS expired FROM batch_stock AS bs"
            " JOIN batch AS b ON b.product_code = bs.product_code AND b.batch_no = bs.batch_no"
            " WHERE b.expiry_date < ? AND bs.on_hand_milli > 0 AND bs.product_code IN (SELECT value FROM json_each(?))"
            " GROUP BY bs.product_code, bs.warehouse_code",
            (day.isoformat(), json.dumps(sorted(set(product_codes)))),
        )
    }


def reserve(db: sqlite3.Connection, warehouse_code: str, product_code: str, change_milli: int) -> None:
    """Add to the reserved quantity of a balance that exists, or release when negative."""
    db.execute(
        "UPDATE stock SET reserved_milli = reserved_milli + ? WHERE product_code = ? AND warehouse_code = ?",
        (change_milli, product_code, warehouse_code),
    )


def cost(db: sqlite3.Connection, product_code: str) -> Cost:
    """What the company has of a product in quantity and value, goods between two warehouses included."""
    row = db.execute(
        "SELECT quantity_milli, value_fen FROM product_cost WHERE product_code = ?", (product_code,)
    ).fetchone()
    return Cost(0, 0) if row is None else Cost(row["quantity_milli"], row["value_fen"])


def value_in(db: sqlite3.Connection, product_code: str, milli: int) -> int | None:
    """What a receipt without a cost of its own comes in at: the average; without stock, what the last piece left at. None when neither is known."""
    now = cost(db, product_code)
    if now.quantity_milli > 0:
        return at_average(now, milli)
    last = db.execute(
        "SELECT -change_milli, -value_change_fen FROM movement WHERE product_code = ? AND company_change_milli < 0"
        " ORDER BY id DESC LIMIT 1",
        (product_code,),
    ).fetchone()
    return None if last is None else at_average(Cost(*last), milli)


class Booked(NamedTuple):
    """What `book` wrote: the numbers of its movements (one a batch, else one), the signed change of value, and (batch, quantity) in order."""

    numbers: tuple[str, ...]
    value_change_fen: int
    batches: tuple[tuple[str, int], ...]

    @property
    def number(self) -> str:
        """The number of the first movement."""
        return self.numbers[0]


def book(
    db: sqlite3.Connection,
    kind: str,
    warehouse_code: str,
    product_code: str,
    change_milli: int,
    business_date: date,
    created_at: str,
    *,
    unreserve_milli: int = 0,
    value_fen: int | None = None,
    within_company: bool = False,
    batches: Sequence[tuple[str, int]] | None = None,
    source_document: str | None = None,
    source_line: int | None = None,
    note: str | None = None,
) -> Booked:
    """Move stock in (change above zero) or out, release `unreserve_milli` with it, write the ledger. The one way in which stock moves.

    value_fen       what a receipt costs, or what an issue should take (`rules.costing.issue_value`); at the company's average when None
    within_company  the goods go to or come from another warehouse: neither quantity nor value of the company changes
    batches         (batch, quantity above zero) that add up to the change, entered before by `batches.enter`. For an issue of a product that
                    is kept in batches None means first expiry, first out, as of the day of posting; a receipt of one has to name them.
    source_line     the line of the document, so that what came or went by it can be taken back by line (`store.parts`)

    A warehouse that never held the product gets a balance with its first receipt. Raises 409 insufficient-stock when the batches do not
    suffice and 409 stock-value-limit, and 409 stock-not-there-then for an issue that is dated before the goods came; less than nothing on
    hand, or less than is reserved, is refused by the database.
    """
    posting_day = date.fromisoformat(created_at[:10])
    if change_milli < 0 and business_date < posting_day:
        _refuse_before(db, warehouse_code, product_code, -change_milli, business_date)
    product = db.execute("SELECT batch_managed FROM product WHERE code = ?", (product_code,)).fetchone()
    if product["batch_managed"]:
        batches = _batches(db, warehouse_code, product_code, change_milli, posting_day, business_date, batches)
    elif batches is not None:
        raise ValueError(f"{product_code} is not kept in batches")
    on_hand = _move(db, warehouse_code, product_code, change_milli, unreserve_milli)
    before = cost(db, product_code)
    value = 0 if within_company else _value(before, change_milli, value_fen)
    if not within_company:
        _keep(db, product_code, Cost(before.quantity_milli + change_milli, before.value_fen + value))
    numbers = []
    sign = 1 if change_milli > 0 else -1
    moved, valued = 0, 0
    parts: Sequence[tuple[str | None, int]] = batches if batches is not None else [(None, abs(change_milli))]
    for batch_no, milli in parts:
        if batch_no is not None:
            store_batches.move(db, warehouse_code, product_code, batch_no, sign * milli)
        moved += milli
        part = share(value, moved, abs(change_milli), valued)
        valued += part
        company = 0 if within_company else sign * moved
        movement = _Movement(
            kind,
            product_code,
            warehouse_code,
            sign * milli,
            on_hand - change_milli + sign * moved,
            0 if within_company else sign * milli,
            before.quantity_milli + company,
            part,
            before.value_fen + valued,
            batch_no,
            business_date,
            source_document,
            source_line,
            note,
            created_at,
        )
        numbers.append(_write(db, movement))
    return Booked(tuple(numbers), value, tuple(batches or ()))


def revalue(
    db: sqlite3.Connection,
    kind: str,
    warehouse_code: str,
    product_code: str,
    change_fen: int,
    business_date: date,
    created_at: str,
    *,
    source_document: str | None = None,
    note: str | None = None,
) -> Booked:
    """Change the value of what the company has of a product, by a movement without quantity. 409 stock-value-limit."""
    before = cost(db, product_code)
    after = Cost(before.quantity_milli, before.value_fen + change_fen)
    _keep(db, product_code, after)
    on_hand = db.execute(
        "SELECT on_hand_milli FROM stock WHERE product_code = ? AND warehouse_code = ?", (product_code, warehouse_code)
    ).fetchone()[0]
    movement = _Movement(
        kind,
        product_code,
        warehouse_code,
        0,
        on_hand,
        0,
        after.quantity_milli,
        change_fen,
        after.value_fen,
        None,
        business_date,
        source_document,
        None,
        note,
        created_at,
    )
    return Booked((_write(db, movement),), change_fen, ())


class _Movement(NamedTuple):
    """A row of the ledger, without its number."""

    kind: str
    product_code: str
    warehouse_code: str
    change_milli: int
    on_hand_after_milli: int
    company_change_milli: int
    company_after_milli: int
    value_change_fen: int
    value_after_fen: int
    batch_no: str | None
    business_date: date
    source_document: str | None
    source_line: int | None
    note: str | None
    created_at: str


def _refuse_before(db: sqlite3.Connection, warehouse_code: str, product_code: str, milli: int, day: date) -> None:
    """409 unless the warehouse had this much of a product from `day` on: an issue that is entered late takes nothing that came later."""
    least = _had(db, warehouse_code, product_code, day)
    if least < milli:
        raise not_there_refusal(product_code, warehouse_code, milli, max(0, least), day.isoformat())


def _had(db: sqlite3.Connection, warehouse_code: str, product_code: str, day: date, batch_no: str | None = None) -> int:
    """The least that a warehouse had of a product, or of one of its batches, at the end of any day from `day` on."""
    least = db.execute(
        "WITH days AS (SELECT business_date AS day, sum(sum(change_milli)) OVER (ORDER BY business_date) AS moved FROM movement"
        "  WHERE product_code = ?1 AND warehouse_code = ?2 AND (?4 IS NULL OR batch_no = ?4) GROUP BY business_date),"
        " ends AS (SELECT moved FROM days WHERE day > ?3 UNION ALL"
        "  SELECT coalesce((SELECT moved FROM days WHERE day <= ?3 ORDER BY day DESC LIMIT 1), 0))"
        " SELECT min(moved) FROM ends",
        (product_code, warehouse_code, day.isoformat(), batch_no),
    ).fetchone()[0]
    table, of_batch = ("stock", "") if batch_no is None else ("batch_stock", " AND batch_no = ?3")
    opening = db.execute(
        f"SELECT opening_milli FROM {table} WHERE product_code = ?1 AND warehouse_code = ?2{of_batch}",  # noqa: S608
        (product_code, warehouse_code, batch_no)[: 2 if batch_no is None else 3],
    ).fetchone()
    return int(least) + (0 if opening is None else int(opening[0]))


def _batches(
    db: sqlite3.Connection,
    warehouse_code: str,
    product_code: str,
    change_milli: int,
    day: date,
    business_date: date,
    given: Sequence[tuple[str, int]] | None,
) -> Sequence[tuple[str, int]]:
    """The batches of a movement: those given, or for an issue the first to expire, of what was there on the day of business already."""
    if given is not None:
        if sum(milli for _, milli in given) != abs(change_milli):
            raise ValueError(f"the batches of {product_code} do not add up to {abs(change_milli)}")
        return given
    if change_milli > 0:
        raise ValueError(f"{product_code} is kept in batches, and a receipt has to name them")
    balances = store_batches.balances(db, warehouse_code, product_code)
    if business_date < day:
        balances = [
            balance._replace(
                milli=max(
                    0, min(balance.milli, _had(db, warehouse_code, product_code, business_date, balance.batch_no))
                )
            )
            for balance in balances
        ]
    found = first_expiry_first_out(balances, -change_milli, day)
    if found is None:
        raise short_refusal(product_code, warehouse_code, -change_milli, balances, day)
    return found


def _value(before: Cost, change_milli: int, given_fen: int | None) -> int:
    """The signed change of the company's value."""
    if change_milli < 0:
        return -issue_value(before, -change_milli, given_fen)
    return at_average(before, change_milli) if given_fen is None else given_fen


def _move(
    db: sqlite3.Connection, warehouse_code: str, product_code: str, change_milli: int, unreserve_milli: int
) -> int:
    """Change a balance, or make it; what is on hand then."""
    row = db.execute(
        # One statement, because the balance must hold its CHECKs after each.
        "UPDATE stock SET on_hand_milli = on_hand_milli + ?, reserved_milli = reserved_milli - ?"
        " WHERE product_code = ? AND warehouse_code = ? RETURNING on_hand_milli",
        (change_milli, unreserve_milli, product_code, warehouse_code),
    ).fetchone()
    if row is not None:
        return int(row["on_hand_milli"])
    db.execute(
        "INSERT INTO stock (product_code, warehouse_code, opening_milli, opening_value_fen, on_hand_milli, reserved_milli)"
        " VALUES (?, ?, 0, 0, ?, 0)",
        (product_code, warehouse_code, change_milli),
    )
    return change_milli


def _keep(db: sqlite3.Connection, product_code: str, after: Cost) -> None:
    """Write what the company has now. 409 stock-value-limit."""
    refusal = value_refusal(product_code, after.value_fen)
    if refusal is not None:
        raise refusal
    db.execute(
        "INSERT INTO product_cost (product_code, quantity_milli, value_fen) VALUES (?, ?, ?)"
        " ON CONFLICT (product_code) DO UPDATE SET quantity_milli = excluded.quantity_milli, value_fen = excluded.value_fen",
        (product_code, *after),
    )


def _write(db: sqlite3.Connection, movement: _Movement) -> str:
    """Add a line to the ledger; its number."""
    number = draw_number(db, "KCLS", movement.business_date)
    db.execute(
        f"INSERT INTO movement (number, {', '.join(_Movement._fields)}) VALUES (?{', ?' * len(_Movement._fields)})",  # noqa: S608
        (number, *movement._replace(business_date=movement.business_date.isoformat())),  # type: ignore[arg-type]
    )
    return number


def movement(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The movement of this number."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_MOVEMENT} FROM {_MOVEMENTS} WHERE m.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def movements(
    db: sqlite3.Connection,
    product_code: str | None,
    warehouse_code: str | None,
    kind: str | None,
    source_document: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of the ledger in the order of booking, and the number of matches."""
    filters = {
        "m.product_code": product_code,
        "m.warehouse_code": warehouse_code,
        "m.kind": kind,
        "m.source_document": source_document,
    }
    return page_of(db, _MOVEMENT, _MOVEMENTS, filters, "m.id", page, page_size)
