"""Files that exports make (生成文件): NDJSON, CSV and XLSX, record by record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from shapan.kernel.bulk.encoding import CODECS
from shapan.kernel.bulk.formulas import covered
from shapan.kernel.bulk.shape import Path, Shape, columns_of, heading, table_of
from shapan.kernel.bulk.source import CSV, MEDIA, NDJSON, XLSX, Unreadable

MEDIA_OF = {name: media for media, name in MEDIA.items()}
MOST_BYTES = 200 * 1024 * 1024
_MOST_SHEET_ROWS = 1_048_576
_MOST_CELL = 32_767


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
    return _Workbook(shape, chinese) if format_ == XLSX else _Csv(encoding or "utf-8", shape, chinese, formula_safe)


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
        self._shown: Callable[[Any], str] = _covered if formula_safe else _cell
        self._table = table_of(shape)
        self._columns = columns_of(shape)
        self._csv = csv.writer(self._buffer)
        self._csv.writerow([heading(shape, path, chinese=chinese) for path in self._columns])

    def add(self, record: dict[str, Any]) -> None:
        self._csv.writerows(
            [[self._shown(value) for value in row] for row in _rows(record, self._table, self._columns)]
        )
        self._check()


def _rows(record: dict[str, Any], table: str | None, columns: list[Path]) -> Iterator[list[Any]]:
    """One row for each line of a document, one for a record without lines."""
    for line in (record.get(table) if table else None) or [{}]:
        yield [_value(line, path[2:]) if None in path else _value(record, path) for path in columns]


def _value(value: Any, path: Path) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _covered(value: Any) -> str:
    return covered(_cell(value))


class _Workbook:
    def __init__(self, shape: Shape, chinese: bool) -> None:
        self._table = table_of(shape)
        self._columns = columns_of(shape)
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet()
        self._count = 0
        self._append([heading(shape, path, chinese=chinese) for path in self._columns])

    def add(self, record: dict[str, Any]) -> None:
        for row in _rows(record, self._table, self._columns):
            self._append(row)

    def _append(self, row: list[Any]) -> None:
        self._count += 1
        if self._count > _MOST_SHEET_ROWS:
            raise too_large()
        self._sheet.append([self._typed(value) for value in row])

    def _typed(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        # A worksheet cannot hold control characters, and a text such as =1+1 or #N/A must stay a text.
        text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", _cell(value))
        if len(text) > _MOST_CELL:
            raise Unreadable(
                f"A value has more than {_MOST_CELL} characters, which a worksheet cannot hold. Export as CSV or NDJSON.",
                f"有内容超过 {_MOST_CELL} 个字符，工作表无法容纳，请导出为 CSV 或 NDJSON。",
            )
        if not text.startswith(("=", "#")):
            return text
        cell = WriteOnlyCell(self._sheet, value=text)
        cell.data_type = "s"
        return cell

    def finish(self) -> bytes:
        made = io.BytesIO()
        self._book.save(made)
        return made.getvalue()


def too_large() -> Unreadable:
    """What is said of an export without end."""
    return Unreadable(
        "The export becomes too large. Narrow it with filters.", "导出的数据过大，请用 filters 缩小范围。"
    )
