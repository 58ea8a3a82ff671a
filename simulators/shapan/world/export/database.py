"""One SQLite database, world.sqlite: a STRICT table for each table, crm_customers.

Texts and days are TEXT, integers INTEGER, amounts, quantities and prices REAL (1234.56), for whoever sums them in SQL; a column that takes what somebody typed is
ANY. The rows are the same on every machine, the file's bytes need not be: it says which SQLite wrote it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from shapan.world.export.cells import by_column
from shapan.world.export.table import DECIMALS, Column, Row, Sink, Table, Value

FILE = "world.sqlite"


class Database:
    """The database of an export, under a folder."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / FILE, isolation_level=None)
        # If anything goes wrong the file is thrown away, so nothing need be kept to mend it.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN")

    def add(self, table: Table) -> tuple[str, Sink]:
        """(path below the folder, where its rows go)."""
        name = _quoted(f"{table.system}_{table.name}".replace("-", "_"))
        columns = ", ".join(f"{_quoted(column.name)} {_type(column)}" for column in table.columns)
        self._db.execute(f"CREATE TABLE {name} ({columns}) STRICT")
        insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608
        decimals = [(n, _divide(10 ** DECIMALS[c.kind])) for n, c in enumerate(table.columns) if c.kind in DECIMALS]
        many = self._db.executemany

        def sink(rows: list[Row]) -> None:
            if not decimals:
                many(insert, rows)
                return
            parts: list[Iterable[Value | float]] = [*by_column(table, rows)]
            for place, divide in decimals:
                parts[place] = map(divide, parts[place])
            many(insert, zip(*parts, strict=True))

        return FILE, sink

    def close(self) -> None:
        """All rows are there."""
        self._db.execute("COMMIT")
        self._db.close()

    def abandon(self) -> None:
        """Let go of the file, which nobody wants."""
        self._db.close()


def _divide(by: int) -> Callable[[Value | float], Value | float]:
    return lambda value: value / by if isinstance(value, int) else value


def _type(column: Column) -> str:
    if column.loose:
        return "ANY"
    return {"text": "TEXT", "date": "TEXT", "integer": "INTEGER"}.get(column.kind, "REAL")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
