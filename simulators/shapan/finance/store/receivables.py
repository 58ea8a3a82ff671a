"""Receivables and their lines (应收单), red ones (红字) and those that wait for acceptance (待验收) included."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.receivables import OpenItem, ReceivableLine, receivable_state
from shapan.finance.rules.red import BlueLine
from shapan.finance.store.query import changed_page, next_change, one

RECOGNISED = "state NOT IN ('pending', 'rejected')"
"""SQL: whether the revenue of a receivable is recognised, so that it is owed and stands in account 1122."""

_OPEN = f"CASE WHEN {RECOGNISED} THEN gross_fen - settled_fen ELSE 0 END AS open_fen"
_POSTED = "coalesce(recognised_on, business_date) AS posted_on"
_RED = "FROM receivable AS red WHERE red.red_of_id = r.id"
_RECEIVABLE = (
    "r.id, r.number, r.customer_id, c.short_name, r.business_date, r.due_date, r.period, r.summary, r.net_fen, r.tax_fen, r.gross_fen,"
    " r.settled_fen, r.state, r.opening, r.source_system, r.source_document, r.source_id, r.order_reference, r.voucher_id,"
    " v.word AS voucher_word, v.number AS voucher_number, r.posted_at, r.change, r.recognition,"
    f" CASE WHEN r.{RECOGNISED} THEN coalesce(r.recognised_on, r.business_date) END AS recognised_on,"
    " r.red_of_id, b.number AS red_of_number, r.reason, r.invoiced, r.invoiced_on, r.invoice_number, r.dispatch_voucher_id,"
    f" r.cost_voucher_id, r.invoice_voucher_id, (SELECT -coalesce(sum(red.gross_fen), 0) {_RED}) AS red_fen"
)
_RECEIVABLES = (
    "receivable AS r JOIN customer AS c ON c.id = r.customer_id LEFT JOIN voucher AS v ON v.id = r.voucher_id"
    " LEFT JOIN receivable AS b ON b.id = r.red_of_id"
)
_COLUMNS = (
    "number",
    "customer_id",
    "business_date",
    "due_date",
    "period",
    "summary",
    "net_fen",
    "tax_fen",
    "gross_fen",
    "state",
    "source_system",
    "source_document",
    "source_id",
    "order_reference",
    "voucher_id",
    "posted_at",
    "recognition",
    "recognised_on",
    "red_of_id",
    "reason",
    "invoiced",
    "invoiced_on",
    "invoice_number",
    "dispatch_voucher_id",
)


def insert(
    db: sqlite3.Connection,
    receivable: Mapping[str, Any],
    lines: Sequence[ReceivableLine],
    red_of_lines: Sequence[int] = (),
) -> int:
    """Add a receivable with its lines; its id. Members that are missing are None; `red_of_lines` are the lines that those of a red
    one take back.
    """
    names = ", ".join(_COLUMNS)
    places = ", ".join(f":{name}" for name in _COLUMNS)
    cursor = db.execute(
        f"INSERT INTO receivable ({names}, settled_fen, opening, change) VALUES ({places}, 0, 0, :change)",  # noqa: S608
        {**dict.fromkeys(_COLUMNS), **receivable, "change": next_change(db)},
    )
    receivable_id = int(cursor.lastrowid or 0)
    taken: Sequence[int | None] = red_of_lines or [None] * len(lines)
    db.executemany(
        "INSERT INTO receivable_line (receivable_id, line_no, description, net_fen, rate_bp, tax_fen, simplified, red_of_line_no)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (receivable_id, line_no, line.description, line.net, line.rate_bp, line.tax, int(line.simplified), blue)
            for line_no, (line, blue) in enumerate(zip(lines, taken, strict=True), 1)
        ],
    )
    return receivable_id


def get(db: sqlite3.Connection, receivable_id: int) -> sqlite3.Row | None:
    """The receivable of this id."""
    return one(db, f"SELECT {_RECEIVABLE} FROM {_RECEIVABLES} WHERE r.id = ?", (receivable_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of receivables, and whether more follow. `filters` are columns of the receivable."""
    named = {f"r.{column}": value for column, value in filters.items()}
    return changed_page(db, _RECEIVABLE, _RECEIVABLES, "r.change", named, since, limit)


def lines_of(db: sqlite3.Connection, receivable_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Receivable id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT receivable_id, line_no, description, net_fen, rate_bp, tax_fen, simplified, red_of_line_no FROM receivable_line"
        " WHERE receivable_id IN (SELECT value FROM json_each(?)) ORDER BY receivable_id, line_no",
        (json.dumps(list(receivable_ids)),),
    ):
        lines.setdefault(row["receivable_id"], []).append(row)
    return lines


def add_costs(db: sqlite3.Connection, receivable_id: int, costs: Sequence[tuple[str, int, int | None]]) -> None:
    """What the goods of a pending receivable cost: (product code, fen, thousandths or None)."""
    db.executemany(
        "INSERT INTO receivable_cost (receivable_id, line_no, product_code, amount_fen, quantity_milli) VALUES (?, ?, ?, ?, ?)",
        [(receivable_id, line_no, *cost) for line_no, cost in enumerate(costs, 1)],
    )


def costs_of(db: sqlite3.Connection, receivable_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Receivable id -> what its goods cost (product_code, amount_fen, quantity_milli), in order."""
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT receivable_id, product_code, amount_fen, quantity_milli FROM receivable_cost"
        " WHERE receivable_id IN (SELECT value FROM json_each(?)) ORDER BY receivable_id, line_no",
        (json.dumps(list(receivable_ids)),),
    ):
        found.setdefault(row["receivable_id"], []).append(row)
    return found


def blue_lines(db: sqlite3.Connection, receivable_id: int) -> dict[int, BlueLine]:
    """Line number -> line of a blue receivable with what red ones took back; an item without lines counts as one line."""
    rows = db.execute(
        "SELECT l.line_no, l.description, l.net_fen, l.rate_bp, l.tax_fen, l.simplified FROM receivable_line AS l"
        " WHERE l.receivable_id = ? ORDER BY l.line_no",
        (receivable_id,),
    ).fetchall()
    taken = {
        row["line_no"]: (row["net_fen"], row["tax_fen"])
        for row in db.execute(
            "SELECT l.red_of_line_no AS line_no, -sum(l.net_fen) AS net_fen, -sum(l.tax_fen) AS tax_fen FROM receivable_line AS l"
            " JOIN receivable AS r ON r.id = l.receivable_id WHERE r.red_of_id = ? GROUP BY l.red_of_line_no",
            (receivable_id,),
        )
    }
    if rows:
        lines = {
            row["line_no"]: ReceivableLine(
                row["description"], row["net_fen"], row["rate_bp"], row["tax_fen"], bool(row["simplified"])
            )
            for row in rows
        }
    else:
        head = db.execute("SELECT number, net_fen, tax_fen FROM receivable WHERE id = ?", (receivable_id,)).fetchone()
        # The rate is not known; what follows from the amounts is near enough for the check of the tax.
        rate = round(head["tax_fen"] * 10000 / head["net_fen"]) if head["net_fen"] else 0
        lines = {1: ReceivableLine(f"期初应收 {head['number']}", head["net_fen"], rate, head["tax_fen"])}
    return {line_no: BlueLine(line_no, line, *taken.get(line_no, (0, 0))) for line_no, line in lines.items()}


def items(db: sqlite3.Connection, receivable_ids: Iterable[int]) -> dict[int, OpenItem]:
    """Those of these receivables that exist, by id, as settlement sees them. Nothing is open of one that is not recognised."""
    rows = db.execute(
        f"SELECT id, number, customer_id, {_OPEN}, due_date, {_POSTED} FROM receivable"  # noqa: S608
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(receivable_ids))),),
    )
    return {row["id"]: _item(row) for row in rows}


def open_items(db: sqlite3.Connection, customer_id: int) -> list[OpenItem]:
    """What is not settled of a customer's receivables."""
    rows = db.execute(
        f"SELECT id, number, customer_id, {_OPEN}, due_date, {_POSTED} FROM receivable"  # noqa: S608
        " WHERE customer_id = ? AND state NOT IN ('settled', 'pending', 'rejected')",
        (customer_id,),
    )
    return [_item(row) for row in rows]


def _item(row: sqlite3.Row) -> OpenItem:
    return OpenItem(
        row["id"],
        row["number"],
        row["customer_id"],
        row["open_fen"],
        date.fromisoformat(row["due_date"]),
        date.fromisoformat(row["posted_on"]),
    )


# As the partial index has it. What was overdue when it was entered does not fall overdue any more.
_FALLING_DUE = (
    "state IN ('open', 'partly_settled') AND gross_fen > 0 AND coalesce(substr(posted_at, 1, 10), '') <= due_date"
)


def next_due_date(db: sqlite3.Connection, first: str) -> str | None:
    """The earliest due date (ISO date), `first` or later, of a receivable that is not settled."""
    row = db.execute(
        # Named, or the index by state would be taken and all that is open be read.
        "SELECT due_date FROM receivable INDEXED BY idx_receivable_falling_due"  # noqa: S608
        f" WHERE due_date >= ? AND {_FALLING_DUE} ORDER BY due_date LIMIT 1",
        (first,),
    ).fetchone()
    return None if row is None else str(row[0])


def overdue_after(db: sqlite3.Connection, due: str) -> list[sqlite3.Row]:
    """id, number, customer_id and open_fen of what is not settled and was due on this day, in order."""
    return db.execute(
        f"SELECT id, number, customer_id, {_OPEN} FROM receivable WHERE due_date = ? AND {_FALLING_DUE} ORDER BY id",  # noqa: S608
        (due,),
    ).fetchall()


def settle(db: sqlite3.Connection, receivable_id: int, amount: int) -> None:
    """Note that `amount` more is settled: negative where a settlement is reversed, and on a red one."""
    row = db.execute(
        "SELECT gross_fen, settled_fen + ? AS settled_fen FROM receivable WHERE id = ?", (amount, receivable_id)
    ).fetchone()
    db.execute(
        "UPDATE receivable SET settled_fen = ?, state = ?, change = ? WHERE id = ?",
        (row["settled_fen"], receivable_state(row["gross_fen"], row["settled_fen"]), next_change(db), receivable_id),
    )


def touch(db: sqlite3.Connection, receivable_id: int) -> None:
    """Note that something about it shows itself differently."""
    db.execute("UPDATE receivable SET change = ? WHERE id = ?", (next_change(db), receivable_id))


def accept(db: sqlite3.Connection, receivable_id: int, accepted: Mapping[str, Any]) -> None:
    """Note the acceptance of a pending receivable: it is open from now on."""
    db.execute(
        "UPDATE receivable SET state = 'open', recognised_on = :recognised_on, period = :period, due_date = :due_date,"
        " voucher_id = :voucher_id, cost_voucher_id = :cost_voucher_id, invoiced = :invoiced, invoiced_on = :invoiced_on,"
        " invoice_number = :invoice_number, change = :change WHERE id = :id",
        {**accepted, "id": receivable_id, "change": next_change(db)},
    )


def reject(db: sqlite3.Connection, receivable_id: int, reason: str) -> None:
    """Note that the goods of a pending receivable were not accepted."""
    db.execute(
        "UPDATE receivable SET state = 'rejected', reason = ?, change = ? WHERE id = ?",
        (reason, next_change(db), receivable_id),
    )


def invoice(
    db: sqlite3.Connection, receivable_id: int, day: str, invoice_number: str | None, voucher_id: int | None
) -> None:
    """Note the invoice that came after the revenue."""
    db.execute(
        "UPDATE receivable SET invoiced = 1, invoiced_on = ?, invoice_number = coalesce(?, invoice_number), invoice_voucher_id = ?,"
        " change = ? WHERE id = ?",
        (day, invoice_number, voucher_id, next_change(db), receivable_id),
    )


def deferred_tax(db: sqlite3.Connection, receivable_id: int) -> tuple[int, int]:
    """(output tax, tax by the simplified method) of a receivable and its red ones that is still deferred (待转销项税额), in fen."""
    row = db.execute(
        "SELECT coalesce(sum(CASE WHEN l.simplified THEN 0 ELSE l.tax_fen END), 0) AS output,"
        " coalesce(sum(CASE WHEN l.simplified THEN l.tax_fen ELSE 0 END), 0) AS simplified"
        " FROM receivable_line AS l JOIN receivable AS r ON r.id = l.receivable_id"
        " WHERE (r.id = ?1 OR r.red_of_id = ?1) AND r.invoiced = 0",
        (receivable_id,),
    ).fetchone()
    return int(row["output"]), int(row["simplified"])
