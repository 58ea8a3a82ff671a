"""How documents become tables (建表): with a number and a change number, and guarded against what no operation does anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlite_utils


def _key(column: str, target: str) -> tuple[str, str, str]:
    table, _, other = target.partition(".")
    return column, table, other


def document(
    db: sqlite_utils.Database, name: str, columns: Mapping[str, type], optional: Collection[str], **keys: str
) -> None:
    """A strict table with an id; `keys` are column -> "table.column"."""
    db.table(name).create(
        {"id": int, **columns},
        pk="id",
        not_null=set(columns) - set(optional),
        foreign_keys=[_key(column, target) for column, target in keys.items()],
        strict=True,
    )
    if "change" in columns:
        db.table(name).create_index(["change"], unique=True)
    if "number" in columns:
        db.table(name).create_index(["number"], unique=True)


def lines(db: sqlite_utils.Database, name: str, parent: str, columns: Mapping[str, type], **keys: str) -> None:
    """A strict table of lines, with the parent's id and a line number as key."""
    db.table(name).create(
        {f"{parent}_id": int, "line_no": int, **columns},
        pk=(f"{parent}_id", "line_no"),
        not_null=set(columns) - {"quantity_milli"},
        foreign_keys=[(f"{parent}_id", parent, "id"), *(_key(column, target) for column, target in keys.items())],
        strict=True,
    )


def fix(db: sqlite_utils.Database, name: str, may_change: Collection[str], when: str = "") -> None:
    """Let the database refuse changes of a posted document but for these columns."""
    fixed = ", ".join(column for column in db.table(name).columns_dict if column not in may_change)
    db.execute(
        f"CREATE TRIGGER {name}_fixed BEFORE UPDATE OF {fixed} ON {name} {when}"
        f" BEGIN SELECT RAISE(ABORT, '{name}: what is posted never changes'); END"
    )


def keep(db: sqlite_utils.Database, name: str) -> None:
    """Let the database refuse to delete a posted document."""
    db.execute(
        f"CREATE TRIGGER {name}_stays BEFORE DELETE ON {name}"
        f" BEGIN SELECT RAISE(ABORT, '{name}: what is posted is never deleted'); END"
    )
