"""Tables as text (CSV): comma, semicolon or tab, found in the line of titles (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapan.kernel.bulk.encoding import UNDECODABLE, Undecodable, byte_of, decode
from shapan.kernel.bulk.formulas import uncovered
from shapan.kernel.bulk.source import CSV, Row, Source, Unreadable, checked_columns
from shapan.kernel.errors import Fault

if TYPE_CHECKING:
    import _csv

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_TOLD = re.compile("sep=([,;\t])\r?\n")


def open_csv(content: bytes, charset: str | None) -> Source:
    """The table in a CSV file. Unreadable when it has no usable line of titles."""
    try:
        text, encoding = decode(content, charset)
    except Undecodable as error:
        raise Unreadable(error.en, error.zh) from error
    told = _TOLD.match(text)  # the line by which spreadsheets are told; the numbers of lines go on counting it
    delimiter = told[1] if told else _delimiter(text)
    marked = UNDECODABLE.search(text) is not None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    titles: list[str] = []
    try:
        if told:
            next(reader)
        while not any(titles):
            titles = next(reader)
    except StopIteration:
        titles = []
    except csv.Error as error:
        raise Unreadable(
            f"The line of column titles cannot be read: {error}.", f"列标题行无法解析：{error}。"
        ) from error
    columns = checked_columns(titles)
    if marked and UNDECODABLE.search("".join(columns)):
        raise Unreadable(f"The line of column titles is not {encoding}.", f"列标题行不是有效的 {encoding} 编码。")
    rows = _rows(reader, columns, encoding, marked)
    return Source(CSV, rows, encoding, DELIMITERS[delimiter], None, columns)


def _delimiter(text: str) -> str:
    """What stands most often in the line of titles, outside of quotation marks; a comma when nothing does."""
    head = text.lstrip("\r\n").partition("\n")[0]
    outside = "".join(head.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _rows(reader: _csv.Reader, columns: list[str], encoding: str, marked: bool) -> Iterator[Row]:
    width = len(columns)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = reader.line_num
            span = f"The lines {line} to {last} are" if last > line else "This line is"
            rows = f"第 {line} 至 {last} 行" if last > line else "该行"
            en = f"{span} no CSV: {error}. Is a quotation mark left open?"
            zh = f"{rows}不是有效的 CSV（{error}），请检查引号是否成对。"
            yield Row(line, [], Fault("", en, zh))
            continue
        if not any(cells):
            continue
        cells = [uncovered(cell) for cell in cells]
        if len(cells) != width:
            if any(cells[width:]):
                en = f"The line has {len(cells)} cells, but there are {width} column titles."
                zh = f"该行有 {len(cells)} 个单元格，但列标题只有 {width} 个。"
                yield Row(line, [], Fault("", en, zh))
                continue
            cells = [*cells[:width], *[""] * (width - len(cells))]
        yield Row(line, cells, _undecodable(cells, columns, encoding) if marked else None)


def _undecodable(cells: list[str], columns: list[str], encoding: str) -> Fault | None:
    for title, cell in zip(columns, cells, strict=True):
        mark = UNDECODABLE.search(cell)
        if mark is not None:
            name = byte_of(mark[0])
            en = f"The byte {name} in column {title} is not {encoding}."
            return Fault(f"/{title}", en, f"“{title}”列含有不是 {encoding} 编码的字节 {name}。")
    return None
