"""The stock ledger (收发存): opening, in, out and closing, read from opening stock and movements, and never kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from shapan.scm.rules.figures import Sums


def _sums(quantity: str) -> str:
    """Columns over movements up to the last day: before the first day, and in and out since. `quantity` is the column that counts."""
    parts = [
        f"coalesce(sum(iif(m.business_date < :first, m.{column}, 0)), 0) AS before_{unit},"
        f" coalesce(sum(iif(m.business_date >= :first AND m.{column} > 0, m.{column}, 0)), 0) AS received_{unit},"
        f" coalesce(sum(iif(m.business_date >= :first AND m.{column} < 0, -m.{column}, 0)), 0) AS issued_{unit}"
        for column, unit in ((quantity, "milli"), ("value_change_fen", "fen"))
    ]
    return ", ".join(parts)


def _scope(product_code: str, warehouse_code: str | None) -> tuple[str, str, dict[str, str]]:
    """Which movements count (SQL), by which column of quantity, and the parameters: a warehouse's all, the company's that change it."""
    if warehouse_code is None:
        where = "m.product_code = :product AND (m.company_change_milli <> 0 OR m.value_change_fen <> 0)"
        return where, "company_change_milli", {"product": product_code}
    where = "m.product_code = :product AND m.warehouse_code = :warehouse AND m.change_milli <> 0"
    return where, "change_milli", {"product": product_code, "warehouse": warehouse_code}


def sums(db: sqlite3.Connection, product_code: str, warehouse_code: str | None, first: date, last: date) -> Sums:
    """The period of one product, in one warehouse or the whole company. The values of a warehouse mean nothing."""
    where, quantity, parameters = _scope(product_code, warehouse_code)
    opening = db.execute(
        "SELECT coalesce(sum(opening_milli), 0) AS milli, coalesce(sum(opening_value_fen), 0) AS fen FROM stock"
        " WHERE product_code = :product AND (:warehouse IS NULL OR warehouse_code = :warehouse)",
        {"product": product_code, "warehouse": warehouse_code},
    ).fetchone()
    row = db.execute(
        f"SELECT {_sums(quantity)} FROM movement AS m WHERE {where} AND m.business_date <= :last",  # noqa: S608
        {**parameters, "first": first.isoformat(), "last": last.isoformat()},
    ).fetchone()
    return _period(row, opening["milli"], opening["fen"])


def _period(row: sqlite3.Row, opening_milli: int, opening_fen: int) -> Sums:
    return Sums(
        opening_milli + row["before_milli"],
        opening_fen + row["before_fen"],
        row["received_milli"],
        row["received_fen"],
        row["issued_milli"],
        row["issued_fen"],
    )


def lines(
    db: sqlite3.Connection,
    product_code: str,
    warehouse_code: str | None,
    first: date,
    last: date,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of the period's movements by business date, and their number. `running_…` are the sums since the first day, with each line."""
    where, quantity, parameters = _scope(product_code, warehouse_code)
    parameters |= {"first": first.isoformat(), "last": last.isoformat()}
    within = f"FROM movement AS m WHERE {where} AND m.business_date BETWEEN :first AND :last"
    total = db.execute(f"SELECT count(*) {within}", parameters).fetchone()[0]
    rows = db.execute(
        f"SELECT m.number, m.business_date, m.kind, m.warehouse_code, m.{quantity} AS change_milli, m.value_change_fen, m.batch_no,"
        f" m.source_document, m.note, sum(m.{quantity}) OVER by_day AS running_milli, sum(m.value_change_fen) OVER by_day AS running_fen"
        f" {within} WINDOW by_day AS (ORDER BY m.business_date, m.id) ORDER BY m.business_date, m.id LIMIT :limit OFFSET :offset",
        {**parameters, "limit": page_size, "offset": (page - 1) * page_size},
    ).fetchall()
    return rows, total


_PRODUCTS = (
    "FROM product AS p"
    " LEFT JOIN (SELECT product_code, sum(opening_milli) AS milli, sum(opening_value_fen) AS fen FROM stock GROUP BY product_code) AS o"
    " ON o.product_code = p.code LEFT JOIN moved AS m ON m.product_code = p.code"
    " WHERE coalesce(o.milli, 0) + coalesce(m.before_milli, 0) <> 0 OR m.received_milli + m.issued_milli + m.received_fen + m.issued_fen > 0"
)


def months(
    db: sqlite3.Connection, first: date, last: date, shipped: Iterable[str], page: int, page_size: int
) -> tuple[list[tuple[sqlite3.Row, Sums]], int]:
    """A page of products with their period in the whole company, and the number of those that had stock or moved in it.

    Each row has code, name and base unit, and of what moved by the kinds `shipped` the quantity and value.
    """
    kinds = ", ".join(f"'{kind}'" for kind in shipped)
    moved = (
        f"WITH moved AS (SELECT m.product_code, {_sums('company_change_milli')},"  # noqa: S608
        f" sum(iif(m.business_date >= :first AND m.kind IN ({kinds}), -m.company_change_milli, 0)) AS shipped_milli,"
        f" sum(iif(m.business_date >= :first AND m.kind IN ({kinds}), -m.value_change_fen, 0)) AS shipped_fen"
        " FROM movement AS m WHERE m.business_date <= :last GROUP BY m.product_code)"
    )
    parameters = {"first": first.isoformat(), "last": last.isoformat()}
    total = db.execute(f"{moved} SELECT count(*) {_PRODUCTS}", parameters).fetchone()[0]
    rows = db.execute(
        f"{moved} SELECT p.code, p.name, p.base_unit, coalesce(o.milli, 0) AS opening_milli, coalesce(o.fen, 0) AS opening_fen,"
        + ", ".join(
            f" coalesce(m.{column}, 0) AS {column}"
            for column in (
                *("before_milli", "received_milli", "issued_milli", "before_fen", "received_fen", "issued_fen"),
                *("shipped_milli", "shipped_fen"),
            )
        )
        + f" {_PRODUCTS} ORDER BY p.code LIMIT :limit OFFSET :offset",
        {**parameters, "limit": page_size, "offset": (page - 1) * page_size},
    ).fetchall()
    return [(row, _period(row, row["opening_milli"], row["opening_fen"])) for row in rows], total


def stock_value(db: sqlite3.Connection, before: date) -> int:
    """What all stock was worth at the beginning of a day, in fen."""
    opening = db.execute("SELECT coalesce(sum(opening_value_fen), 0) FROM stock").fetchone()[0]
    moved = db.execute(
        "SELECT coalesce(sum(value_change_fen), 0) FROM movement WHERE business_date < ?", (before.isoformat(),)
    ).fetchone()[0]
    return int(opening + moved)


def cost_of_sales(db: sqlite3.Connection, kinds: Iterable[str], first: date, last: date) -> int:
    """What was sold cost (营业成本), in fen: movements of these kinds, less what came back, and what later prices of receipts add to it."""
    days = (first.isoformat(), last.isoformat())
    marks = ", ".join(f"'{kind}'" for kind in kinds)
    sold = db.execute(
        f"SELECT coalesce(sum(-value_change_fen), 0) FROM movement WHERE kind IN ({marks}) AND business_date BETWEEN ? AND ?",  # noqa: S608
        days,
    ).fetchone()[0]
    adjusted = db.execute(
        "SELECT coalesce(sum(l.to_cost_fen), 0) FROM cost_adjustment AS a JOIN cost_adjustment_line AS l ON l.adjustment_id = a.id"
        " WHERE a.adjustment_date BETWEEN ? AND ?",
        days,
    ).fetchone()[0]
    return int(sold + adjusted)
