"""Contract and code are matched at start-up, in both directions; databases refuse what they cannot use."""

from __future__ import annotations

import sqlite3
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapan.kernel.bundle import ContractError
from shapan.kernel.contract import load_contract, match_functions
from shapan.kernel.database import Database, DatabaseError, DatabaseGone

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"


def contract(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(HEAD + text)
    return load_contract(path)


def module(**functions):
    made = types.ModuleType("room_operations")
    for name, function in functions.items():
        function.__module__ = made.__name__
        function.__name__ = name
        setattr(made, name, function)
    return made


THING = "paths: {'/things/{thingId}': {get: {operationId: getThing, parameters: [{name: thingId, in: path, required: true, schema: {type: string}}], responses: {'200': {description: d}}}}}\n"


def test_a_match_gives_the_function(tmp_path):
    def get(ctx, thing_id):
        return None

    assert match_functions(contract(tmp_path, THING), [module(get_thing=get)]) == {"getThing": get}


def test_an_operation_without_function_and_a_function_without_operation_are_both_named(tmp_path):
    with pytest.raises(ContractError) as refused:
        match_functions(contract(tmp_path, THING), [module(list_things=lambda ctx: None)])
    assert "operation getThing has no function get_thing" in str(refused.value)
    assert "function room_operations.list_things serves no operation" in str(refused.value)


def test_a_function_with_other_parameters_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"get_thing takes \(ctx, id\), the contract gives \(ctx, thing_id\)"):
        match_functions(contract(tmp_path, THING), [module(get_thing=lambda ctx, id: None)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paths: {/a: {get: {responses: {}}}}", "GET /a has no operationId"),
        ("paths: {/a: {$ref: 'none.yaml#/components/pathItems/a'}}", "cannot be read"),
        ("paths: {/a: {$ref: '#/components/pathItems/none'}}", "leads nowhere"),
        ("paths: [", "no valid YAML"),
        (
            "paths: {/a: {get: {operationId: a, security: [{oauth: [x:read]}], responses: {}}}}",
            "a needs unknown scopes x:read",
        ),
        (
            "paths: {/a: {post: {operationId: a, requestBody: {content: {application/json: {schema: {type: nonsense}}}}, responses: {}}}}",
            "schema",
        ),
    ],
)
def test_a_contract_that_cannot_be_used_says_why(tmp_path, text, message):
    with pytest.raises(ContractError, match=message):
        contract(tmp_path, text)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    path = tmp_path / "x.sqlite"
    path.write_text("this is no database, and long enough to look like one" * 50)
    with pytest.raises(DatabaseError, match="cannot be opened"):
        Database(path, ())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="--data"):
        Database(tmp_path / "file" / "x.sqlite", ())


def test_a_newer_database_is_refused(tmp_path):
    Database(tmp_path / "x.sqlite", (lambda db: None,)).close()
    with pytest.raises(DatabaseError, match="newer version"):
        Database(tmp_path / "x.sqlite", ())


def test_migrations_run_once_and_in_order(tmp_path):
    first = lambda db: db.table("a").create({"x": int})  # noqa: E731
    second = lambda db: db.table("a").add_column("y", int)  # noqa: E731
    Database(tmp_path / "x.sqlite", (first,)).close()
    database = Database(tmp_path / "x.sqlite", (first, second))
    with database.read() as db:
        assert [row[1] for row in db.execute("PRAGMA table_info(a)")] == ["x", "y"]
    database.close()


def test_a_failed_write_leaves_nothing_and_reads_cannot_write(tmp_path):
    database = Database(tmp_path / "x.sqlite", (lambda db: db.table("a").create({"x": int}),))
    with pytest.raises(RuntimeError), database.write() as db:
        db.execute("INSERT INTO a VALUES (1)")
        raise RuntimeError
    with database.read() as db:
        assert db.execute("SELECT count(*) FROM a").fetchone()[0] == 0
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO a VALUES (1)")
    database.close()


def test_a_commit_that_fails_leaves_the_database_usable(tmp_path):
    def tables(db):
        db.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE child (p INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

    database = Database(tmp_path / "x.sqlite", (tables,))
    with pytest.raises(sqlite3.IntegrityError), database.write() as db:
        db.execute("INSERT INTO child VALUES (7)")
    with database.write() as db:
        db.execute("INSERT INTO parent VALUES (1)")
    with database.read() as db:
        assert db.execute("SELECT count(*) FROM child").fetchone()[0] == 0
    database.close()


def test_closing_waits_for_readers_and_later_ones_are_told(tmp_path):
    database = Database(tmp_path / "x.sqlite", (lambda db: db.table("a").create({"x": int}),))
    inside, leave = threading.Event(), threading.Event()

    def read():
        with database.read() as db:
            inside.set()
            assert leave.wait(10)
            return db.execute("SELECT count(*) FROM a").fetchone()[0]

    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(read)
        assert inside.wait(10)
        closing = pool.submit(database.close)
        assert not closing.done()
        leave.set()
        assert reading.result() == 0
        closing.result()
    with pytest.raises(DatabaseGone), database.read():
        pass
    with pytest.raises(DatabaseGone), database.write():
        pass
