"""Few connections stay open, whatever number of databases are in use; and files are copied and exchanged under those who use them."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapan.kernel.connections import IDLE, MOST_IDLE, IdleConnections
from shapan.kernel.database import Database, DatabaseGone


def table(db):
    db.table("a").create({"x": int})


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "x.sqlite", (table,))
    yield made
    made.close()


def values(database):
    with database.read() as db:
        return [row[0] for row in db.execute("SELECT x FROM a ORDER BY x")]


def write(database, value):
    with database.write() as db:
        db.execute("INSERT INTO a VALUES (?)", (value,))


def is_open(connection):
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_the_one_that_was_longest_idle_is_closed_first():
    idle = IdleConnections(2)
    first, second, third = (sqlite3.connect(":memory:") for _ in range(3))
    idle.give(1, "reader", first)
    idle.give(2, "reader", second)
    assert idle.take(1, "reader") is first
    idle.give(1, "reader", first)
    idle.give(3, "reader", third)
    assert [is_open(one) for one in (first, second, third)] == [True, False, True]
    assert (idle.take(2, "reader"), idle.take(1, "writer"), len(idle)) == (None, None, 2)
    idle.close_all(3)
    assert not is_open(third)
    assert idle.take(1, "reader") is first
    first.close()


def test_many_readers_of_many_databases_leave_few_connections(tmp_path):
    databases = [Database(tmp_path / f"{number}.sqlite", (table,)) for number in range(MOST_IDLE + 40)]
    gate = threading.Barrier(20)

    def read(_):
        with databases[0].read():
            gate.wait(10)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(read, range(20)))
    assert len(IDLE) <= MOST_IDLE
    for number, database in enumerate(databases):
        write(database, number)
    assert len(IDLE) <= MOST_IDLE
    assert [values(database) for database in databases] == [[number] for number in range(len(databases))]
    for database in databases:
        database.close()


def test_a_copy_has_all_that_was_committed_also_while_somebody_reads_something_older(database, tmp_path):
    write(database, 1)
    with database.read() as old:
        assert old.execute("SELECT count(*) FROM a").fetchone()[0] == 1
        write(database, 2)
        database.copy_to(tmp_path / "copy.sqlite")
        assert old.execute("SELECT count(*) FROM a").fetchone()[0] == 1
    write(database, 3)
    copy = Database(tmp_path / "copy.sqlite", (table,))
    assert values(copy) == [1, 2]
    copy.close()


def test_an_exchange_waits_for_those_inside_and_holds_up_those_who_come(database, tmp_path):
    write(database, 1)
    database.copy_to(tmp_path / "new.sqlite")
    write(database, 2)
    inside, leave = threading.Event(), threading.Event()

    def read():
        with database.read() as db:
            inside.set()
            assert leave.wait(10)
            # Who is inside may go further in.
            with database.read() as again:
                return [len(one.execute("SELECT x FROM a").fetchall()) for one in (db, again)]

    with ThreadPoolExecutor(3) as pool:
        reading = pool.submit(read)
        assert inside.wait(10)
        exchanging = pool.submit(database.exchange, tmp_path / "new.sqlite", tmp_path / "kept.sqlite")
        while not database._exchanging:
            assert not exchanging.done()
        late = pool.submit(values, database)
        assert not exchanging.done()
        leave.set()
        assert reading.result(10) == [2, 2]
        exchanging.result(10)
        assert late.result(10) == [1]
    kept = Database(tmp_path / "kept.sqlite", (table,))
    assert values(kept) == [1, 2]
    kept.close()


def test_an_exchange_that_fails_leaves_the_database_as_it_was(database, tmp_path):
    write(database, 1)
    with pytest.raises(OSError, match="new"):
        database.exchange(tmp_path / "new.sqlite", tmp_path / "kept.sqlite")
    write(database, 2)
    assert values(database) == [1, 2]


def test_a_closed_database_is_not_exchanged(tmp_path):
    database = Database(tmp_path / "y.sqlite", (table,))
    database.close()
    with pytest.raises(DatabaseGone):
        database.exchange(tmp_path / "new.sqlite", tmp_path / "kept.sqlite")
