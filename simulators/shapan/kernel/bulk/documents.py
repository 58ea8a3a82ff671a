"""Documents whose lines stand in rows of their own (多行单据): rows with one key, or with one head, form one record. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapan.kernel.bulk.encoding import UNDECODABLE
from shapan.kernel.bulk.records import Column, Record, put, record_of
from shapan.kernel.bulk.source import Illegible, Row, Unreadable
from shapan.kernel.errors import Fault


def table_in(columns: list[Column]) -> str | None:
    """The member whose lines have rows of their own, None when there is none. Unreadable when there are several."""
    tables = {str(column.path[0]) for column in columns if column.path and None in column.path}
    indexed = {column.path[0] for column in columns if column.path and any(isinstance(s, int) for s in column.path)}
    if len(tables) > 1 or tables & indexed or any(c.path and None in c.path[2:] for c in columns):
        raise Unreadable(
            "Only the lines of one list can stand in rows of their own; write others with an index, such as lines.0.quantity.",
            "只能有一个明细列表逐行展开，其他列表请在列标题中写明序号，例如 lines.0.quantity。",
        )
    return tables.pop() if tables else None


def documents(rows: Iterator[Row], columns: list[Column], table: str) -> Iterator[Record]:
    """The documents, in the order in which they begin.

    With key columns, or the id of exported records, rows with the same key form one, wherever they stand; without, neighbours whose heads
    are the same. A row with an empty head goes on with the document before. What a later row says of the head must be what the first
    said. A row that cannot be read spoils its document, and where nobody can say which that is, every one that it may belong to.
    """
    head = [column for column in columns if not (column.path and None in column.path)]
    body = [column for column in columns if column.path and None in column.path]
    marks = [column.index for column in head if column.key is not None] or [c.index for c in head if c.own]
    keyed = bool(marks)
    marks = marks or [column.index for column in head]
    found: list[Record] = []
    by_key: dict[tuple[str, ...], Record] = {}
    current: Record | None = None
    mark: tuple[str, ...] | None = None
    lost: Row | None = None
    unread: dict[int, Row] = {}
    for row in rows:
        if row.fault is not None and not _legible(row, marks):
            found.append(record_of(len(found) + 1, row, head))
            unread[found[-1].row] = row
            if current is not None and not keyed:
                current.faults.append(_spoiled(row))
            lost = row
            continue
        here = tuple(str(row.cells[index]) for index in marks)
        empty = all(row.cells[column.index] in (None, "") for column in head)
        if not (empty and current is not None):
            known = by_key.get(here) if keyed else current if here == mark else None
            if known is not None:
                _same_head(known, row, head)
            current, mark = known or record_of(len(found) + 1, Row(row.line, row.cells), head), here
            if known is None:
                found.append(current)
                by_key[here] = current
                if lost is not None and not keyed:
                    current.faults.append(_spoiled(lost))
        lost = None
        if row.fault is not None:
            where = f"Line {row.line}: {row.fault.en}", f"第 {row.line} 行：{row.fault.zh}"
            current.faults.append(Fault(row.fault.pointer, *where))
            continue
        _add_line(current, row, body, table)
    if keyed and unread:  # with a key, the document of such a row may stand anywhere
        first = next(iter(unread.values()))
        for record in found:
            if record.row not in unread:
                record.faults.append(_spoiled(first))
    yield from found


def _legible(row: Row, marks: list[int]) -> bool:
    """Whether a row that cannot be read as a whole still says which document it belongs to."""
    cells = [row.cells[index] for index in marks] if row.cells else []
    lost = any(isinstance(cell, Illegible) or UNDECODABLE.search(str(cell)) for cell in cells)
    return not lost and any(cell not in (None, "") for cell in cells)


def _spoiled(row: Row) -> Fault:
    return Fault(
        "",
        f"Line {row.line} cannot be read and may be a part of this document. Mend that line first.",
        f"第 {row.line} 行无法读取，可能属于该单据，请先修正该行。",
    )


def _add_line(record: Record, row: Row, columns: list[Column], table: str) -> None:
    line: dict[str, Any] = {}
    for column in columns:
        cell = row.cells[column.index]
        if cell is not None and cell != "":
            assert column.path is not None
            put(line, column.path[2:], column.convert(cell))
    if line:
        record.body.setdefault(table, []).append(line)
        record.lines.append(row.line)


def _same_head(record: Record, row: Row, head: list[Column]) -> None:
    other = record_of(record.row, Row(row.line, row.cells), head)
    for column in head:
        name = column.path[0] if column.path else None
        if name in other.body and other.body[str(name)] != record.body.get(str(name)):
            en = f"Line {row.line} has another {column.title} than line {record.line} of the same document."
            zh = f"第 {row.line} 行的“{column.title}”与同一单据的第 {record.line} 行不同。"
            record.faults.append(Fault(f"/{name}", en, zh))
