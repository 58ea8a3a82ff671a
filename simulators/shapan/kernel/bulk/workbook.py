"""Tables in workbooks (XLSX), read in a stream.

A workbook is a ZIP archive of XML: what it unpacks to is bounded before any of it is read. Entities that multiply are stopped by expat itself
(2.4.1 and later, which every Python that Shapan takes comes with).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from shapan.kernel.bulk.source import MOST_COLUMNS, XLSX, Illegible, Row, Source, Unreadable, checked_columns
from shapan.kernel.errors import Fault

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 1000
_SHOWN = 40
"""How much of a cell that cannot be read is shown."""
_KINDS = {"n": ("number", "数字"), "d": ("date", "日期"), "b": ("boolean", "布尔值"), "s": ("text", "文本")}
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
    rows = _rows(book, book[name])
    _, titles = next(rows, (0, []))
    columns = checked_columns(titles)
    return Source(XLSX, _of_columns(rows, columns), None, None, name, columns)


class _Parser(WorkSheetParser):
    """openpyxl's own, which ends at the first cell that is not what it says; here such a cell has its value, an Illegible, and the rest goes on."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        before = self.col_counter
        try:
            cell: dict[str, Any] = super().parse_cell(element)
        except (ValueError, IndexError, ArithmeticError):
            place = element.get("r")
            # Of a place that is none nobody can say what stands there: the workbook is broken.
            column = coordinate_to_tuple(place)[1] if place else before + 1
            self.col_counter = column
            text = (element.findtext(VALUE_TAG) or "")[:_SHOWN]
            cell = {"column": column, "value": _no_value(text, element.get("t", "n"))}
        else:
            if cell["data_type"] == "e":
                cell["value"] = _an_error(str(cell["value"])[:_SHOWN])
            elif cell["value"] is None and element.find(FORMULA_TAG) is not None and not _computed_to_nothing(element):
                cell["value"] = _not_computed()
        return cell


def _computed_to_nothing(element: Any) -> bool:
    """Whether a formula has the empty text as its value: then its cell is empty."""
    return element.get("t") == "str" and element.find(VALUE_TAG) is not None


def _no_value(text: str, kind: str) -> Illegible:
    en, zh = _KINDS.get(kind, ("value", "值"))
    return Illegible(text, f"“{text}” is no {en} that can be read", f"“{text}”不是可读取的{zh}")


def _an_error(text: str) -> Illegible:
    return Illegible(text, f"it holds the error {text}", f"内容为错误值 {text}")


def _not_computed() -> Illegible:
    return Illegible(
        "",
        "it has a formula without a computed value; save the workbook with a spreadsheet program",
        "公式没有计算结果，请用表格软件打开并保存后再导入",
    )


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


def _rows(book: Any, sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """(number, cells) of every row that is not empty, in the order in which they stand; the numbers of a broken workbook may not grow."""
    # The sheet itself would fill every gap between rows, of which the last may be the millionth, with empty ones.
    try:
        with sheet._get_source() as source:
            parser = _Parser(
                source,
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for number, found in parser.parse():
                cells: list[Any] = []
                for cell in found:
                    index = min(cell["column"] - 1, MOST_COLUMNS)
                    cells += [None] * (index + 1 - len(cells))
                    cells[index] = cell["value"]
                if any(cell is not None and cell != "" for cell in cells):
                    yield number, cells
    except _BROKEN as error:
        raise _no_workbook(error) from error


def _of_columns(rows: Iterator[tuple[int, list[Any]]], columns: list[str]) -> Iterator[Row]:
    width, last = len(columns), 0
    for number, cells in rows:
        if number <= last:
            en = f"The row {number} stands behind the row {last} in the worksheet, which is broken. Save it with a spreadsheet program."
            zh = f"工作表已损坏：第 {number} 行出现在第 {last} 行之后，请用表格软件打开并保存后再导入。"
            yield Row(number, [], Fault("", en, zh))
            continue
        last = number
        if any(cell is not None for cell in cells[width:]):
            en = f"The row has cells to the right of the {width} column titles."
            yield Row(number, [], Fault("", en, f"该行在 {width} 个列标题之外还有内容。"))
            continue
        cells += [None] * (width - len(cells))
        yield Row(number, cells[:width], _illegible(cells, columns))


def _illegible(cells: list[Any], columns: list[str]) -> Fault | None:
    """What is said of a row with cells that cannot be read: the first of them, and which others."""
    found = [(title, cell) for title, cell in zip(columns, cells, strict=False) if isinstance(cell, Illegible)]
    if not found:
        return None
    (title, first), others = found[0], ", ".join(title for title, _ in found[1:])
    en = f"The cell in column {title} cannot be read: {first.en}." + (f" Nor can those in: {others}." if others else "")
    zh = f"“{title}”列的单元格无法读取：{first.zh}。" + (f"以下列也无法读取：{others}。" if others else "")
    return Fault(f"/{title}", en, zh)
