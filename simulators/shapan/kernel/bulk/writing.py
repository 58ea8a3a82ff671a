"""Files that exports make (生成文件), record by record: NDJSON and CSV; sheet.py has XLSX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from shapan.kernel.bulk.encoding import CODECS
from shapan.kernel.bulk.formulas import covered
from shapan.kernel.bulk.shape import Path, Shape, columns_of, heading, table_of
from shapan.kernel.bulk.source import CSV, MEDIA, NDJSON, XLSX, Unreadable

MEDIA_OF = {name: media for media, name in MEDIA.items()}
MOST_BYTES = 200 * 1024 * 1024


class Writer(Protocol):
    """Takes records and gives the file. Unreadable when the format cannot hold them."""

    def add(self, record: dict[str, Any]) -> None: ...

    def finish(self) -> bytes: ...


def content_type(format_: str, encoding: str | None) -> str:
    """The Content-Type of a file."""
    if encoding is None:
        return MEDIA_OF[format_]
    charset = "gb18030" if encoding == "gb18030" else "utf-8"
    return f"{MEDIA_OF[format_]}; charset={charset}" + ("; header=present" if format_ == CSV else "")


def writer(format_: str, encoding: str | None, shape: Shape, *, chinese: bool, formula_safe: bool = True) -> Writer:
    """The writer of a format for records of a shape. `formula_safe` concerns CSV only, see `formulas`."""
    if format_ == NDJSON:
        return _Lines(encoding or "utf-8")
    if format_ == XLSX:
        # Few ask for a workbook, and openpyxl would cost every start of a system its loading.
        from shapan.kernel.bulk.sheet import WorkbookWriter

        return WorkbookWriter(shape, chinese)
    return _Csv(encoding or "utf-8", shape, chinese, formula_safe)


class _Text:
    """Text of bounded size in an encoding."""

    def __init__(self, encoding: str) -> None:
        self._codec = CODECS[encoding]
        self._buffer = io.StringIO(newline="")

    def _check(self) -> None:
        if self._buffer.tell() > MOST_BYTES // 3:
            raise too_large()

    def finish(self) -> bytes:
        # GB18030 covers all of Unicode, so that nothing is lost.
        return self._buffer.getvalue().encode(self._codec)


class _Lines(_Text):
    def add(self, record: dict[str, Any]) -> None:
        self._buffer.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._check()


class _Csv(_Text):
    def __init__(self, encoding: str, shape: Shape, chinese: bool, formula_safe: bool) -> None:
        super().__init__(encoding)
        self._shown: Callable[[Any], str] = _covered if formula_safe else cell_text
        self._table = table_of(shape)
        self._columns = columns_of(shape)
        self._csv = csv.writer(self._buffer)
        self._csv.writerow([heading(shape, path, chinese=chinese) for path in self._columns])

    def add(self, record: dict[str, Any]) -> None:
        self._csv.writerows(
            [[self._shown(value) for value in row] for row in rows_of(record, self._table, self._columns)]
        )
        self._check()


def rows_of(record: dict[str, Any], table: str | None, columns: list[Path]) -> Iterator[list[Any]]:
    """One row for each line of a document, one for a record without lines."""
    for line in (record.get(table) if table else None) or [{}]:
        yield [_value(line, path[2:]) if None in path else _value(record, path) for path in columns]


def _value(value: Any, path: Path) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def cell_text(value: Any) -> str:
    """A value as the text of a cell: nothing for null, JSON for what is no text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _covered(value: Any) -> str:
    return covered(cell_text(value))


def too_large() -> Unreadable:
    """What is said of an export without end."""
    return Unreadable(
        "The export becomes too large. Narrow it with filters.", "导出的数据过大，请用 filters 缩小范围。"
    )
