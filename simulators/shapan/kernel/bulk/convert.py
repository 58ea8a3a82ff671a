"""Cells to JSON values by the contract's types (类型转换). Pure. What fits no type stays as it is; the contract's validator then says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from shapan.kernel.bulk.shape import Shape
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.errors import Problem
from shapan.kernel.reading import parse_json

Converter = Callable[[Any], Any]

_NUMBER = re.compile(r"[+-]?(\d{1,18}|\d{1,3}(,\d{3})+)(\.\d{1,18})?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_TRUE = {"true", "yes", "1", "是", "真"}
_FALSE = {"false", "no", "0", "否", "假"}


def converter(shape: Shape) -> Converter:
    """The function that makes a cell (text, or what a workbook holds) a value of this shape. Empty cells do not come here."""
    if shape.members or shape.items is not None:
        return _json
    if "string" in shape.types or not shape.types:
        if shape.format == "date":
            return _day
        return _moment if shape.format == "date-time" else text_of
    if "boolean" in shape.types:
        return _boolean
    if "integer" in shape.types or "number" in shape.types:
        return _number
    return _json


def text_of(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        # A spreadsheet has only floats: 100080.0 is the postcode 100080, and 0.00001 is not 1e-05.
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _day(cell: Any) -> Any:
    """2026-11-24, also written 2026/11/24 or 2026年11月24日, or a date of the workbook."""
    if isinstance(cell, datetime) and cell.time() == time.min:
        return cell.date().isoformat()
    text = text_of(cell).strip()
    found = _DAY.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else text


def _moment(cell: Any) -> Any:
    """A time of the workbook has no offset; it is one of Asia/Shanghai."""
    return cell.replace(tzinfo=SHANGHAI).isoformat() if isinstance(cell, datetime) else text_of(cell).strip()


def _boolean(cell: Any) -> Any:
    if isinstance(cell, bool):
        return cell
    text = text_of(cell).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else cell


def _number(cell: Any) -> Any:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else cell
    text = text_of(cell).strip()
    if not _NUMBER.fullmatch(text):
        return cell
    value = Decimal(text.replace(",", ""))
    return int(value) if value == value.to_integral_value() else float(value)


def _json(cell: Any) -> Any:
    """A list or an object in one cell is written as JSON."""
    try:
        return parse_json(text_of(cell).encode())
    except (Problem, UnicodeEncodeError):
        return cell
