"""Workbooks (XLSX): one a table, written as a stream of SpreadsheetML by ourselves, some ten times as fast as openpyxl does it.

Texts stand in their cells (inline strings) and are no formulas, whatever they begin with; dates and numbers are such, and numbers have all
their decimals. A sheet holds 1,048,576 rows; what is more goes to further sheets. Entries of the archive have no times of their own, so
that the same world gives the same bytes, as far as the same zlib compresses them; the parts within are the same everywhere.
"""

from __future__ import annotations

import functools
import re
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from shapan.world.errors import WorldError
from shapan.world.export.cells import TEXTS, by_column
from shapan.world.export.table import Row, Sink, Table, Value

MOST_ROWS = 1_048_576
_MOST_BYTES = 1_500_000_000
"""Of one sheet: the archive must know beforehand whether an entry needs ZIP64, which not every reader takes."""
_MOST_CELL = 32_767
_LEVEL = 1
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# The places in cellXfs: 0 general, 1 text, 2 amount, 3 price, 4 date, 5 title.
_FORMATS = (0, 49, 4, 164, 165, 49)
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="#,##0.0000"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="{len(_FORMATS)}">'
    + "".join(
        f'<xf numFmtId="{number}" fontId="{int(place == 5)}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for place, number in enumerate(_FORMATS)
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_NUMBER_STYLES = {"integer": 0, "quantity": 0, "amount": 2, "price": 3}
_WIDTHS = {"text": 22, "date": 12}
_EPOCH = date(1899, 12, 30)
# Before it the calendars of the spreadsheet programs differ: one of them has a 29 February 1900.
_FIRST = date(1900, 3, 1)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AWKWARD = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class Workbooks:
    """The workbooks of an export under a folder: crm/customers.xlsx."""

    def __init__(self, folder: Path, most_rows: int = MOST_ROWS) -> None:
        self._folder = folder
        self._most_rows = most_rows
        self._open: list[_Book] = []

    def add(self, table: Table) -> tuple[str, Sink]:
        """(path below the folder, where its rows go)."""
        path = f"{table.path}.xlsx"
        (self._folder / path).parent.mkdir(exist_ok=True)
        book = _Book(self._folder / path, table, self._most_rows)
        self._open.append(book)
        return path, book.take

    def close(self) -> None:
        """All rows are there. WorldError when one could not be written."""
        for book in self._open:
            book.finish()

    def abandon(self) -> None:
        """Let go of the files, which nobody wants."""
        for book in self._open:
            book.abandon()


class _Book:
    """One workbook, and the sheet of it that is being written."""

    def __init__(self, path: Path, table: Table, most_rows: int) -> None:
        self._table = table
        self._most_rows = most_rows
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._cells = [_cells(table, place) for place in range(len(table.columns))]
        self._sheets: list[str] = []
        self._rows = self._bytes = 0
        self._sheet = self._next_sheet()

    def take(self, rows: list[Row]) -> None:
        """The next rows."""
        columns = by_column(self._table, rows)
        written = list(
            map("".join, zip(*(cells(column) for cells, column in zip(self._cells, columns, strict=True)), strict=True))
        )
        while written:
            if self._rows >= self._most_rows or self._bytes > _MOST_BYTES:
                self._end_sheet()
                self._sheet = self._next_sheet()
            some, written = written[: self._most_rows - self._rows], written[self._most_rows - self._rows :]
            self._write(f"<row>{'</row><row>'.join(some)}</row>")
            self._rows += len(some)

    def finish(self) -> None:
        """The last sheet ends, and the parts that say which there are come behind it."""
        self._end_sheet()
        for name, text in _parts(self._sheets).items():
            with self._entry(name) as part:
                part.write(text.encode())
        self._zip.close()

    def abandon(self) -> None:
        """Close the file without making a workbook of it."""
        for part in (self._sheet, self._zip):
            with suppress(OSError):  # the disk may be full
                part.close()

    def _next_sheet(self) -> IO[bytes]:
        number = len(self._sheets) + 1
        self._sheets.append(self._table.name[:25] + (f" ({number})" if number > 1 else ""))
        self._sheet = self._entry(f"xl/worksheets/sheet{number}.xml")
        self._rows, self._bytes = 1, 0
        widths = "".join(
            f'<col min="{n}" max="{n}" width="{_WIDTHS.get(column.kind, 14)}" customWidth="1"/>'
            for n, column in enumerate(self._table.columns, 1)
        )
        titles = "".join(
            f'<c s="5" t="inlineStr"><is><t>{_escaped(column.name)}</t></is></c>' for column in self._table.columns
        )
        self._write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{widths}</cols><sheetData><row>{titles}</row>"
        )
        return self._sheet

    def _end_sheet(self) -> None:
        self._write("</sheetData></worksheet>")
        self._sheet.close()

    def _write(self, text: str) -> None:
        data = text.encode()
        self._bytes += len(data)
        self._sheet.write(data)

    def _entry(self, name: str) -> IO[bytes]:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry._compresslevel = _LEVEL  # type: ignore[attr-defined]
        entry.create_system = 3
        entry.external_attr = 0o644 << 16
        return self._zip.open(entry, "w")


def _cells(table: Table, place: int) -> Callable[[Iterable[Value]], list[str]]:
    """What writes the cells of a column."""
    column = table.columns[place]

    def texts(values: Iterable[Value]) -> list[str]:
        return [_text(value, table, column.name) for value in values]

    if column.kind == "text":
        return texts
    if column.kind == "date":
        return lambda values: [
            _date(value) or _text(value, table, column.name) if isinstance(value, str) else _EMPTY for value in values
        ]
    style, decimals = _NUMBER_STYLES[column.kind], TEXTS.get(column.kind, str)
    before = f'<c s="{style}"><v>' if style else "<c><v>"
    return lambda values: [
        f"{before}{decimals(value)}</v></c>" if isinstance(value, int) else _text(value, table, column.name)
        for value in values
    ]


_EMPTY = "<c/>"


def _text(value: Value, table: Table, column: str) -> str:
    if not isinstance(value, str) or not value:
        return _EMPTY
    if len(value) > _MOST_CELL:
        raise WorldError(
            f"A {column} of {table.path} has more than {_MOST_CELL} characters, which a workbook cannot hold. Export as csv or sqlite.",
            f"{table.path} 的 {column} 有内容超过 {_MOST_CELL} 个字符，工作簿无法容纳，请改用 csv 或 sqlite 格式。",
        )
    if _AWKWARD.search(value):
        value = _escaped(value)
    return f'<c s="1" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def _escaped(text: str) -> str:
    """As XML takes it; characters that it does not take as spreadsheet programs write them, _x0007_."""
    return escape(_ILLEGAL.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


@functools.lru_cache(16_384)
def _date(text: str) -> str | None:
    """The cell of a day, or None for a text that is none in ISO form."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return f'<c s="4"><v>{(day - _EPOCH).days}</v></c>' if day >= _FIRST else None


def _parts(sheets: list[str]) -> dict[str, str]:
    """What an archive needs beside its sheets: the workbook, its styles, and what belongs to what."""
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_CONTENT}.worksheet+xml"/>' for n in numbers
    )
    return {
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{named}</sheets></workbook>',
        "xl/styles.xml": _STYLES,
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rId{len(sheets) + 1}" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/>{overrides}</Types>',
    }
