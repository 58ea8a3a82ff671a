"""What a file holds, whatever its format (文件内容): a head of column titles and rows of cells, or one JSON value a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shapan.kernel.errors import Fault

MOST_RECORDS = 100_000
MOST_COLUMNS = 500
CSV, NDJSON, XLSX = "csv", "ndjson", "xlsx"
MEDIA = {
    "text/csv": CSV,
    "application/x-ndjson": NDJSON,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": XLSX,
}


class Unreadable(Exception):
    """A file cannot be read at all; `en` and `zh` say why and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


@dataclass(frozen=True, slots=True)
class Illegible:
    """A cell that is not what it says it is; `en` and `zh` say why. As text it is what stands in it."""

    text: str
    en: str
    zh: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: where it begins, and its cells; or why it cannot be read, and its cells as far as there are any."""

    line: int
    cells: list[Any]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One line of NDJSON: a JSON value, or why it is none."""

    line: int
    value: Any
    fault: Fault | None = None


@dataclass
class Source:
    """An opened file. `columns` None: `rows` are Values, else Rows with cells in the order of the columns."""

    format: str
    rows: Iterator[Row] | Iterator[Value]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: list[str] | None = None
    ignored: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """As the contract shows it: `file` of an import."""
        return {
            "format": self.format,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "columns": self.columns,
            "ignored_columns": self.ignored,
        }


def checked_columns(titles: list[Any]) -> list[str]:
    """The titles as text, without blanks around them. Unreadable when one is empty or stands twice, or there are too many."""
    columns = [str(title or "").strip() for title in titles]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise Unreadable("The file is empty: there is no line of column titles.", "文件为空，没有列标题行。")
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"There are more than {MOST_COLUMNS} columns.", f"列数超过 {MOST_COLUMNS}。")
    nameless = [str(number) for number, title in enumerate(columns, 1) if not title]
    if nameless:
        numbers = ", ".join(nameless)
        raise Unreadable(f"These columns have no title: {numbers}.", f"以下列没有标题：第 {numbers} 列。")
    twice = ", ".join(dict.fromkeys(title for title in columns if columns.count(title) > 1))
    if twice:
        raise Unreadable(f"These column titles stand more than once: {twice}.", f"以下列标题重复：{twice}。")
    return columns
