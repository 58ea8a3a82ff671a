"""Tables in workbooks (XLSX), read in a stream.

A workbook is a ZIP archive of XML: what it unpacks to is bounded before any of it is read. Entities that multiply are stopped by expat itself
(2.4.1 and later, which every Python that Shapan takes comes with).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from shapan.kernel.bulk.source import MOST_COLUMNS, XLSX, Row, Source, Unreadable, checked_columns
from shapan.kernel.errors import Fault

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 1000
# What openpyxl raises for a workbook that is none; it documents no common base.
_BROKEN = (
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    ArithmeticError,
    RuntimeError,  # an encrypted part; NotImplementedError, a compression that is not known, is one of it
    zlib.error,
    zipfile.LargeZipFile,
)


def open_xlsx(content: bytes, sheet: str | None) -> Source:
    """The table in a worksheet, the first one when none is named; cells have their values, formulas those last computed. Unreadable."""
    _guard(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        names = [each.title for each in book.worksheets]
    except _BROKEN as error:
        raise _no_workbook(error) from error
    if not names or (sheet is not None and sheet not in names):
        there = ", ".join(names)
        raise Unreadable(f"There is no worksheet {sheet}, only: {there}.", f"没有工作表 {sheet}，现有：{there}。")
    name = sheet or names[0]
    rows = _rows(book[name])
    _, titles = next(rows, (0, []))
    columns = checked_columns(titles)
    found = _of_columns(rows, len(columns))
    if _has_formulas(content):
        found = _with_formulas(found, load_workbook(io.BytesIO(content), read_only=True)[name], columns)
    return Source(XLSX, found, None, None, name, columns)


# A cell with a formula and no value. An empty text is one: spreadsheet programs write such a cell with t="str".
_UNCOMPUTED = re.compile(
    rb"""<c(?![^>]*\bt=["']str["'])[^>]*>\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>|</c>)"""
)


def _has_formulas(content: bytes) -> bool:
    """Whether some formula was never computed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(_UNCOMPUTED.search(archive.read(name)) for name in sheets)


def _with_formulas(rows: Iterator[Row], sheet: Any, columns: list[str]) -> Iterator[Row]:
    """The rows; one with a formula that no program has computed yet cannot be read, for its cell is not empty."""
    texts = _rows(sheet)
    number = 0
    cells: list[Any] = []
    for row in rows:
        while number < row.line:
            number, cells = next(texts, (row.line, []))
        open_ = [
            title
            for title, value, text in zip(columns, row.cells, cells, strict=False)
            if value is None and text is not None
        ]
        if open_:
            titles = ", ".join(open_)
            en = f"These cells have formulas without a computed value: {titles}. Save the workbook with a spreadsheet program."
            zh = f"以下单元格的公式没有计算结果：{titles}。请用表格软件打开并保存后再导入。"
            row = Row(row.line, [], Fault(f"/{open_[0]}", en, zh))
        yield row


def _guard(content: bytes) -> None:
    """Unreadable unless it is an archive of bounded size. The sizes cannot be understated: no more than they say is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except _BROKEN as error:
        raise _no_workbook(error) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        size = MOST_UNPACKED // 1024**2
        raise Unreadable(
            f"The workbook unpacks to more than {size} MiB or {MOST_PARTS} parts. Save the rows in several files, or as CSV.",
            f"工作簿解压后超过 {size} MiB 或 {MOST_PARTS} 个部件，请拆分文件或另存为 CSV。",
        )


def _no_workbook(error: Exception) -> Unreadable:
    reason = type(error).__name__
    return Unreadable(
        f"The file is no XLSX workbook that can be read ({reason}).", f"文件不是可读取的 XLSX 工作簿（{reason}）。"
    )


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """(number, cells) of every row that is not empty."""
    # What the sheet says of its own size may be wrong, and may be huge.
    sheet.reset_dimensions()
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), 1):
            if any(cell is not None and cell != "" for cell in cells):
                yield number, list(cells)
    except _BROKEN as error:
        raise _no_workbook(error) from error


def _of_columns(rows: Iterator[tuple[int, list[Any]]], width: int) -> Iterator[Row]:
    for number, cells in rows:
        if any(cell is not None for cell in cells[width:]):
            en = f"The row has cells to the right of the {width} column titles."
            yield Row(number, [], Fault("", en, f"该行在 {width} 个列标题之外还有内容。"))
            continue
        yield Row(number, [*cells[:width], *[None] * (width - len(cells))])
