"""Values as text: the decimal numbers that integers stand for, written alike on every machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shapan.world.export.table import Column, Row, Table, Value


def amount_text(value: Value) -> Value:
    """Fen as yuan with two decimals, 123456 as "1234.56"; what is no integer stays as it is."""
    if value.__class__ is not int:
        return value
    assert isinstance(value, int)
    return f"{value // 100}.{value % 100:02d}" if value >= 0 else f"-{-value // 100}.{-value % 100:02d}"


def price_text(value: Value) -> Value:
    """1/10000 yuan with four decimals."""
    if value.__class__ is not int:
        return value
    assert isinstance(value, int)
    return f"{value // 10_000}.{value % 10_000:04d}" if value >= 0 else f"-{-value // 10_000}.{-value % 10_000:04d}"


def quantity_text(value: Value) -> Value:
    """Thousandths without decimals that say nothing: 1500 as "1.5", 2000 as "2"."""
    if value.__class__ is not int:
        return value
    assert isinstance(value, int)
    whole, rest = divmod(abs(value), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
    return text if value >= 0 else "-" + text


TEXTS: dict[str, Callable[[Value], Value]] = {
    "amount": amount_text,
    "price": price_text,
    "quantity": quantity_text,
}
"""By kind of column, for those whose integers carry decimals."""


def scaled(columns: tuple[Column, ...]) -> list[tuple[int, Callable[[Value], Value]]]:
    """(place, writer) of the columns whose integers carry decimals."""
    return [(place, TEXTS[column.kind]) for place, column in enumerate(columns) if column.kind in TEXTS]


def by_column(table: Table, rows: list[Row]) -> list[Iterable[Value]]:
    """The values of some rows by column. ValueError when a row has not the table's columns, which is a fault of the source."""
    columns: list[Iterable[Value]] = list(zip(*rows, strict=True))
    if len(columns) != len(table.columns):
        raise ValueError(f"{table.path} has {len(table.columns)} columns, the row {len(columns)}: {rows[0]}")
    return columns
