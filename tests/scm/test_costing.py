"""Moving average and batches: the worked figures, and what holds whatever moves in whatever order."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.scm import rules
from shapan.scm.rules.batches import Batch, BatchBalance
from shapan.scm.rules.costing import Cost
from shapan.scm.store import batches, stock
from shapan.scm.tables import MIGRATIONS, first
from tests.scm.opening import value_opening

DAY = date(2026, 11, 24)
NOW = "2026-11-24T09:30:00.000+08:00"
PLAIN, BATCHED = "A-1", "B-2"


def opened() -> sqlite3.Connection:
    """Two warehouses, a product kept in batches and one that is not, ten pieces of the latter for 104.00."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    database = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *MIGRATIONS):
        migration(database)
    connection.executemany("INSERT INTO warehouse (code, name, address) VALUES (?, '', '')", [("CK01",), ("CK02",)])
    connection.executemany(
        "INSERT INTO product (code, name, spec, model, category, base_unit, rate_bp, batch_managed) VALUES (?, '', '', '', '', '件', 1300, ?)",
        [(PLAIN, 0), (BATCHED, 1)],
    )
    connection.execute("INSERT INTO stock VALUES (?, 'CK01', 10000, 10400, 10000, 0, NULL)", (PLAIN,))
    value_opening(connection)
    return connection


def test_the_worked_month() -> None:
    db = opened()
    db.execute("DELETE FROM stock")
    db.execute("DELETE FROM product_cost")

    def move(milli: int, value: int | None = None) -> tuple[int, Cost]:
        booked = stock.book(db, "x", "CK01", PLAIN, milli, DAY, NOW, value_fen=value)
        return booked.value_change_fen, stock.cost(db, PLAIN)

    move(100_000, 100_000)
    assert move(50_000, 56_000) == (56_000, Cost(150_000, 156_000))
    assert rules.costing.average_e4(stock.cost(db, PLAIN)) == 104_000
    assert move(-60_000) == (-62_400, Cost(90_000, 93_600))
    assert move(30_000, 34_500) == (34_500, Cost(120_000, 128_100))
    assert rules.costing.average_e4(stock.cost(db, PLAIN)) == 106_750
    assert move(-40_000) == (-42_700, Cost(80_000, 85_400))
    assert move(-80_000) == (-85_400, Cost(0, 0))


@pytest.mark.parametrize(
    ("milli", "wanted", "value"),
    [
        (1_000, None, 333),
        (2_000, None, 667),
        (3_000, None, 1_000),  # the last one takes the rest,
        (3_000, 5, 1_000),  # whatever was wanted
        (1_000, 400, 400),
        (1_000, 999, 999),
        (1_000, 1_000, 333),  # nothing would be left for the other two: the average
        (0, None, 0),
    ],
)
def test_what_leaves(milli: int, wanted: int | None, value: int) -> None:
    assert rules.costing.issue_value(Cost(3_000, 1_000), milli, wanted) == value


@pytest.mark.parametrize(
    ("on_hand", "received", "difference", "to_stock", "to_cost"),
    [
        (90_000, 50_000, 5_000, 5_000, 0),  # more on hand than this receipt brought
        (20_000, 50_000, 5_000, 2_000, 3_000),  # 20 of 50 are there
        (20_000, 60_000, 1_000, 333, 667),
        (0, 50_000, 5_000, 0, 5_000),
        (20_000, 50_000, -5_000, -2_000, -3_000),
        (20_000, 50_000, -500_000, -93_600, -406_400),  # never below nothing
    ],
)
def test_a_later_price_falls_on_stock_and_on_what_was_sold(
    on_hand: int, received: int, difference: int, to_stock: int, to_cost: int
) -> None:
    cost = Cost(on_hand, 93_600 if on_hand else 0)
    assert rules.costing.adjustment(cost, received, difference) == (to_stock, to_cost)


def test_nothing_comes_in_at_an_average_that_is_not_there() -> None:
    assert rules.costing.at_average(Cost(0, 0), 5_000) == 0
    assert rules.costing.average_e4(Cost(0, 0)) is None
    refusal = rules.costing.value_refusal(PLAIN, rules.costing.MAX_VALUE_FEN + 1)
    assert refusal is not None
    assert refusal.name == "stock-value-limit"
    assert rules.costing.value_refusal(PLAIN, rules.costing.MAX_VALUE_FEN) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-3, 3) | st.none(), st.integers(0, 5_000)), max_size=8),
    st.integers(1, 9_000),
)
def test_first_expiry_goes_first_and_expired_never(parts: list[tuple[int, int | None, int]], wanted: int) -> None:
    balances = [
        BatchBalance(f"{serial}-{n}", None if days is None else DAY + timedelta(days=days), milli)
        for serial, (n, days, milli) in enumerate(parts)
    ]
    by_number = {balance.batch_no: balance for balance in balances}
    usable = [b for b in balances if b.expiry_date is None or b.expiry_date >= DAY]
    found = rules.batches.first_expiry_first_out(balances, wanted, DAY)
    assert (found is None) == (sum(b.milli for b in usable) < wanted)
    if found is None:
        return
    assert sum(milli for _, milli in found) == wanted
    dates = [by_number[number].expiry_date or date.max for number, _ in found]
    assert dates == sorted(dates)
    assert min(dates) >= DAY
    # Every batch that was not emptied, or not touched, expires no earlier than the last one taken.
    taken = dict(found)
    assert all((b.expiry_date or date.max) >= dates[-1] for b in usable if b.milli > taken.get(b.batch_no, 0))


MOVES = st.tuples(
    st.sampled_from(["in", "in", "in_at_average", "out", "out", "out_at", "transfer", "revalue", "scrap"]),
    st.sampled_from([PLAIN, BATCHED]),
    st.sampled_from(["CK01", "CK02"]),
    st.one_of(st.integers(1, 5).map(lambda n: n * 1000), st.integers(1, 20_000)),
    st.integers(0, 99_999),
    st.sampled_from(["P1", "P2", "P3"]),
)


def play(db: sqlite3.Connection, what: str, code: str, place: str, milli: int, fen: int, batch_no: str) -> None:
    """One movement, in a transaction that a refusal rolls back."""
    db.execute("BEGIN IMMEDIATE")
    named = None
    if code == BATCHED and what in ("in", "in_at_average", "scrap"):
        # P1 is expired, P2 not yet, P3 never.
        expiry = {"P1": DAY - timedelta(days=1), "P2": DAY}.get(batch_no)
        batches.enter(db, code, Batch(batch_no, None, expiry), NOW)
        named = [(batch_no, milli)]
    try:
        if what == "in":
            stock.book(db, "x", place, code, milli, DAY, NOW, value_fen=fen, batches=named)
        elif what == "in_at_average":
            stock.book(db, "x", place, code, milli, DAY, NOW, batches=named)
        elif what in ("out", "scrap"):
            stock.book(db, "x", place, code, -milli, DAY, NOW, batches=named)
        elif what == "out_at":
            stock.book(db, "x", place, code, -milli, DAY, NOW, value_fen=fen)
        elif what == "transfer":
            sent = stock.book(db, "x", place, code, -milli, DAY, NOW, within_company=True)
            other = {"CK01": "CK02", "CK02": "CK01"}[place]
            stock.book(db, "x", other, code, milli, DAY, NOW, within_company=True, batches=sent.batches or None)
        elif stock.cost(db, code).quantity_milli:
            change = max(fen - 50_000, -stock.cost(db, code).value_fen)
            place = db.execute("SELECT warehouse_code FROM stock WHERE product_code = ?", (code,)).fetchone()[0]
            stock.revalue(db, "x", place, code, change, DAY, NOW)
    except (sqlite3.IntegrityError, Problem):
        db.execute("ROLLBACK")
    else:
        db.execute("COMMIT")


def assert_all_adds_up(db: sqlite3.Connection) -> None:
    """Sum of movements = balance, in quantity and value, by batch too; value never below zero, and zero when nothing is there."""
    for row in db.execute(
        "SELECT s.*, (SELECT coalesce(sum(change_milli), 0) FROM movement AS m WHERE m.product_code = s.product_code"
        " AND m.warehouse_code = s.warehouse_code) AS moved FROM stock AS s"
    ):
        assert row["on_hand_milli"] == row["opening_milli"] + row["moved"] >= 0
    for row in db.execute(
        "SELECT c.*, (SELECT sum(on_hand_milli) FROM stock AS s WHERE s.product_code = c.product_code) AS on_hand,"
        " (SELECT sum(opening_value_fen) FROM stock AS s WHERE s.product_code = c.product_code) AS opening,"
        " (SELECT coalesce(sum(value_change_fen), 0) FROM movement AS m WHERE m.product_code = c.product_code) AS moved FROM product_cost AS c"
    ):
        assert row["quantity_milli"] == row["on_hand"] >= 0
        assert row["value_fen"] == row["opening"] + row["moved"] >= 0
        assert row["quantity_milli"] or row["value_fen"] == 0
    by_batch = db.execute(
        "SELECT product_code, warehouse_code, batch_no, sum(change_milli) AS moved FROM movement WHERE batch_no IS NOT NULL"
        " GROUP BY product_code, warehouse_code, batch_no ORDER BY 1, 2, 3"
    ).fetchall()
    kept = db.execute(
        "SELECT product_code, warehouse_code, batch_no, on_hand_milli FROM batch_stock ORDER BY 1, 2, 3"
    ).fetchall()
    assert [tuple(row) for row in by_batch] == [tuple(row) for row in kept]
    in_batches = db.execute(
        "SELECT warehouse_code, sum(on_hand_milli) FROM batch_stock GROUP BY warehouse_code ORDER BY 1"
    ).fetchall()
    whole = db.execute(
        "SELECT warehouse_code, on_hand_milli FROM stock WHERE product_code = ? ORDER BY 1", (BATCHED,)
    ).fetchall()
    assert [tuple(row) for row in in_batches] == [tuple(row) for row in whole]


def assert_the_ledger_runs_on(db: sqlite3.Connection) -> None:
    """What each movement says is there after it is what was there before and what it changed."""
    company: dict[str, tuple[int, int]] = {PLAIN: (10_000, 10_400), BATCHED: (0, 0)}
    places: dict[tuple[str, str], int] = {(PLAIN, "CK01"): 10_000}
    for row in db.execute("SELECT * FROM movement ORDER BY id"):
        milli, fen = company[row["product_code"]]
        company[row["product_code"]] = (milli + row["company_change_milli"], fen + row["value_change_fen"])
        assert (row["company_after_milli"], row["value_after_fen"]) == company[row["product_code"]]
        at = (row["product_code"], row["warehouse_code"])
        places[at] = places.get(at, 0) + row["change_milli"]
        assert row["on_hand_after_milli"] == places[at]


@given(st.lists(MOVES, min_size=1, max_size=25))
@settings(max_examples=50, deadline=None)
def test_whatever_moves_the_sums_hold(moves: list[tuple[str, str, str, int, int, str]]) -> None:
    db = opened()
    for move in moves:
        play(db, *move)
        assert_all_adds_up(db)
    assert_the_ledger_runs_on(db)
    # P1 is expired: nothing but a named issue takes of it.
    named = sum(1 for what, code, *_, batch_no in moves if (what, code, batch_no) == ("scrap", BATCHED, "P1"))
    taken = db.execute("SELECT count(*) FROM movement WHERE batch_no = 'P1' AND change_milli < 0").fetchone()[0]
    assert taken <= named
    db.close()


@given(
    st.lists(
        st.tuples(st.sampled_from(["in", "out", "out", "all"]), st.integers(1, 9), st.integers(1, 5_000)), max_size=30
    )
)
@settings(max_examples=50, deadline=None)
def test_where_every_piece_costs_something_stock_without_value_is_stock_without_pieces(
    moves: list[tuple[str, int, int]],
) -> None:
    db = opened()
    for what, pieces, fen in moves:
        if what == "in":
            play(db, "in", PLAIN, "CK01", pieces * 1000, pieces * fen, "")
        else:
            there = stock.cost(db, PLAIN).quantity_milli
            play(db, "out", PLAIN, "CK01", there if what == "all" and there else pieces * 1000, 0, "")
        milli, value = stock.cost(db, PLAIN)
        assert (milli == 0) == (value == 0)
    db.close()


def test_a_database_of_the_first_version_gets_its_values() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    database = sqlite_utils.Database(connection)
    for migration in (kernel_tables, first.everything):
        migration(database)
    connection.execute("INSERT INTO warehouse (code, name, address) VALUES ('CK01', '', '')")
    connection.execute("INSERT INTO product VALUES ('A', '', '', '', '', '件', 1300)")
    connection.execute("INSERT INTO product VALUES ('B', '', '', '', '', '件', 1300)")
    connection.execute("INSERT INTO stock VALUES ('A', 'CK01', 3000, 1000, 1000, 0)")
    connection.execute("INSERT INTO stock VALUES ('B', 'CK01', 3000, 1000, 0, 0)")
    for number, (code, change, after) in enumerate([("A", -2000, 1000), ("B", 1000, 4000), ("B", -4000, 0)]):
        connection.execute(
            "INSERT INTO movement (number, kind, product_code, warehouse_code, change_milli, on_hand_after_milli, business_date, created_at)"
            " VALUES (?, 'other_issue', ?, 'CK01', ?, ?, '2026-11-24', '')",
            (str(number), code, change, after),
        )
    for migration in MIGRATIONS[1:]:
        migration(database)
    assert stock.cost(connection, "A") == Cost(1000, 333)
    assert stock.cost(connection, "B") == Cost(0, 0)
    values = connection.execute("SELECT value_change_fen, value_after_fen FROM movement ORDER BY id").fetchall()
    assert [tuple(row) for row in values] == [(-667, 333), (333, 1333), (-1333, 0)]
    assert_all_adds_up(connection)
