"""Tables in workbooks (XLSX), read in a stream.

A workbook is a ZIP archive of XML: what it unpacks to is bounded before any of it is read, in all, by part and in proportion to what was sent.
Entities that multiply are stopped by expat itself (2.4.1 and later, which every Python that Shapan takes comes with).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from shapan.kernel.bulk.source import MOST_COLUMNS, XLSX, Illegible, Row, Source, Unreadable, checked_columns
from shapan.kernel.errors import Fault

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 1000
# Worksheets are read in a stream. Whatever else there is, openpyxl takes whole into memory, several times its size: the list of shared
# texts, which is large where the sheets are, and parts that are small in any workbook that somebody made to be read.
MOST_SHARED = 64 * 1024 * 1024
MOST_OTHER = 8 * 1024 * 1024
# A worksheet of one number all over packs about 1 : 25; a bomb, 1 : 1000. Small parts may do as they like.
MOST_RATIO = 200
_SMALL = 1024 * 1024
# A row is taken whole into memory, as is all that stands outside of rows, and each element there takes a hundred bytes and more. The widest row that
# is read has a tenth of so many elements and attributes. And what an empty row or shared text leaves behind is kept for as long as the part is read.
MOST_MARKUP = 200_000
MOST_ENTRIES = 2_000_000
_ENTRIES = {"row", "si"}
_TYPES = "[Content_Types].xml"
_SHOWN = 40
"""How much of a cell that cannot be read is shown."""
_KINDS = {"n": ("number", "数字"), "d": ("date", "日期"), "b": ("boolean", "布尔值"), "s": ("text", "文本")}
# What openpyxl raises for a workbook that is none; it documents no common base.
_BROKEN = (
    zipfile.BadZipFile,
    ParseError,
    expat.ExpatError,
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
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _BROKEN as error:
        raise _no_workbook(error) from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        size = MOST_UNPACKED // 1024**2
        raise Unreadable(
            f"The workbook unpacks to more than {size} MiB or {MOST_PARTS} parts. Save the rows in several files, or as CSV.",
            f"工作簿解压后超过 {size} MiB 或 {MOST_PARTS} 个部件，请拆分文件或另存为 CSV。",
        )
    try:
        kinds = _kinds(archive)
    except _BROKEN as error:
        raise _no_workbook(error) from error
    for part in parts:
        most = _most_of(part.filename, kinds)
        if part.file_size > most or part.file_size > max(_SMALL, MOST_RATIO * part.compress_size):
            name, size = part.filename[:_SHOWN], part.file_size // 1024**2
            raise Unreadable(
                f"The part {name} of the workbook unpacks to {size} MiB, which is more than a workbook has there. Save the rows in several "
                "files, or as CSV.",
                f"工作簿部件 {name} 解压后为 {size} MiB，超过正常工作簿的大小，请拆分文件或另存为 CSV。",
            )

    try:
        for part in parts:
            if part.file_size > _SMALL and _most_of(part.filename, kinds) > MOST_OTHER:
                with archive.open(part) as source:
                    _measure(part.filename, source)
    except _BROKEN as error:
        raise _no_workbook(error) from error


def _measure(name: str, source: IO[bytes]) -> None:
    """Unreadable when more stands in a row, or outside of rows, than is to be held in memory; or there are rows and shared texts without end."""
    markup = entries = 0

    def begin(tag: str, attributes: list[str]) -> None:
        nonlocal markup, entries
        markup += 1 + len(attributes) // 2
        if markup > MOST_MARKUP or entries > MOST_ENTRIES:
            raise _too_dense(name)
        if tag.rpartition(":")[2] in _ENTRIES:
            markup, entries = len(attributes) // 2, entries + 1

    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = begin
    parser.ParseFile(source)


def _too_dense(name: str) -> Unreadable:
    return Unreadable(
        f"The part {name[:_SHOWN]} of the workbook holds more in one row, or outside of rows, than a table has. Save the rows as CSV.",
        f"工作簿部件 {name[:_SHOWN]} 在一行之内或各行之外的内容超过正常表格，请另存为 CSV。",
    )


def _most_of(name: str, kinds: Mapping[str, str]) -> int:
    """How large a part may be. Its kind is what openpyxl finds it by, its place what some readers do: a worksheet is one by both."""
    kind = kinds.get("/" + name, "")
    if kind.endswith("worksheet+xml") and name.startswith("xl/worksheets/"):
        return MOST_UNPACKED
    return MOST_SHARED if kind.endswith("sharedStrings+xml") else MOST_OTHER


def _kinds(archive: zipfile.ZipFile) -> dict[str, str]:
    """Content types by part name, as the archive declares them."""
    if archive.getinfo(_TYPES).file_size > MOST_OTHER:
        return {}
    root = ElementTree.fromstring(archive.read(_TYPES))  # noqa: S314 - bounded, and see above for entities
    return {entry.get("PartName", ""): entry.get("ContentType", "") for entry in root}


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
