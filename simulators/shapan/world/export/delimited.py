"""CSV files in UTF-8 or GB18030: one a table, the names of the columns in the first line, lines that end with \\n.

No byte-order mark: the first column's name would begin with it in most readers. Who opens CSV files in a Chinese Excel takes those in GB18030, or the
workbooks. Text stays as it is, also where it begins with = + - or @: the files are for programs, and an apostrophe before such a cell would be
one more thing that is wrong with it and that no answer key knows of.
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

from shapan.world.export.cells import by_column, scaled
from shapan.world.export.table import Row, Sink, Table


class CsvFiles:
    """The CSV files of an export under a folder, in an encoding: crm/customers.csv, crm/customers.gb18030.csv."""

    def __init__(self, folder: Path, encoding: str = "utf-8") -> None:
        self._folder = folder
        self._encoding = encoding
        self._suffix = ".csv" if encoding == "utf-8" else f".{encoding}.csv"
        self._open: list[io.BufferedWriter] = []

    def add(self, table: Table) -> tuple[str, Sink]:
        """(path below the folder, where its rows go)."""
        path = f"{table.path}{self._suffix}"
        (self._folder / path).parent.mkdir(exist_ok=True)
        file = (self._folder / path).open("wb")
        self._open.append(file)
        file.write(_lines([tuple(column.name for column in table.columns)]).encode(self._encoding))
        numbers, encoding = scaled(table.columns), self._encoding

        def sink(rows: list[Row]) -> None:
            columns = by_column(table, rows)
            for place, text in numbers:
                columns[place] = map(text, columns[place])
            file.write(_lines(list(zip(*columns, strict=True)) if numbers else rows).encode(encoding))

        return path, sink

    def close(self) -> None:
        """All rows are there."""
        for file in self._open:
            file.close()

    def abandon(self) -> None:
        """Let go of the files, which nobody wants."""
        for file in self._open:
            with suppress(OSError):  # the disk may be full
                file.close()


def _lines(rows: list[Row]) -> str:
    """Rows as lines. A carriage return within a cell is quoted, which the csv module of some Pythons does only where it ends lines as well."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    text = buffer.getvalue()
    if text.count("\r") == len(rows):
        return text.replace("\r\n", "\n")
    if len(rows) == 1:
        return text.removesuffix("\r\n") + "\n"
    return "".join(_lines([row]) for row in rows)
