"""Worksheets that exports make (工作簿): one sheet, streamed."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from shapan.kernel.bulk.shape import Shape, columns_of, heading, table_of
from shapan.kernel.bulk.source import Unreadable
from shapan.kernel.bulk.writing import cell_text, rows_of, too_large

_MOST_SHEET_ROWS = 1_048_576
_MOST_CELL = 32_767


class WorkbookWriter:
    """The writer of XLSX, see `writing.writer`."""

    def __init__(self, shape: Shape, chinese: bool) -> None:
        self._table = table_of(shape)
        self._columns = columns_of(shape)
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet()
        self._count = 0
        self._append([heading(shape, path, chinese=chinese) for path in self._columns])

    def add(self, record: dict[str, Any]) -> None:
        for row in rows_of(record, self._table, self._columns):
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
        text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", cell_text(value))
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
