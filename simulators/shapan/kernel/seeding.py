"""Writing many rows at once (批量写入), times of day, and numbers that others gave out: what the seeds of all systems share."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.kernel.numbering import continue_after

_NUMBER = re.compile(r"(.+)-(\d+)")


def timestamp(day: date, hour: time = time()) -> str:
    """A time of a day in Asia/Shanghai, midnight when none is given, as the tables have times."""
    return rfc3339(datetime.combine(day, hour, SHANGHAI))


def fill(db: sqlite3.Connection, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, which are as long as `columns` (names with blanks between) and come one at a time."""
    names = columns.split()
    db.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
        rows,
    )


class Numbers:
    """Document numbers (单据编号) that a world gave out, such as XSDD-202511-00017, so that those to come go on after them."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def take(self, number: str) -> str:
        """The number, noted. One that does not end in a running number is none of a series."""
        if found := _NUMBER.fullmatch(number):
            series, serial = found[1], int(found[2])
            self._last[series] = max(self._last.get(series, 0), serial)
        return number

    def next(self, series: str) -> str:
        """The next number of a series, for documents that the world gave none."""
        serial = self._last.get(series, 0) + 1
        self._last[series] = serial
        return f"{series}-{serial:05d}"

    def leave(self, db: sqlite3.Connection, name: Callable[[str], str] = str) -> None:
        """Let every series go on; `name` is what a system calls a series, which here is XSDD-202511."""
        for series, last in self._last.items():
            continue_after(db, name(series), last)
