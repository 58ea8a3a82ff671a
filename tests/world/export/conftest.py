"""A source of a few rows for the tests of the writers, which a real world would not give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shapan.world import WorldSpec
from shapan.world.export import Column, Put, Row, Table, Wish, export_world

CUSTOMERS = Table(
    "crm",
    "customers",
    (
        Column("name"),
        Column("since", "date"),
        Column("balance", "amount", loose=True),
        Column("weight", "quantity"),
        Column("price", "price"),
        Column("orders", "integer"),
    ),
)
ITEMS = Table("finance", "items", (Column("code"), Column("unit")))
RECORDS = Table("answer-key", "records", (Column("system"), Column("entity"), Column("demo", "integer")))
ROWS: list[Row] = [
    ("北京华信科技有限公司", "2026-01-05", 123456, 1500, 88496, 3),
    ('说"你好", <A&B>', "2026年1月5日", -5, -2000, -1, 0),
    ("=1+1", "1900-01-01", " 1,234.56", 1, 10000, -7),
    (" \t行1\n行2\r\x07\u200b_x0041_", "2024-02-29", 0, 0, 0, None),
    (None, None, None, None, None, None),
]


@dataclass
class Few:
    """Tables with rows that are given in turn, as a world gives them."""

    rows: dict[Table, Sequence[Row]] = field(
        default_factory=lambda: {CUSTOMERS: ROWS, ITEMS: [("A-1", "件")], RECORDS: [("crm", "E1", 1)]}
    )
    ends: BaseException | None = None

    @property
    def tables(self) -> Sequence[Table]:
        return tuple(self.rows)

    @property
    def customers(self) -> int:
        return len(self.rows[CUSTOMERS])

    def run(self, puts: Sequence[Put], advance: Callable[[int], None]) -> None:
        for place in range(max(map(len, self.rows.values()))):
            for put, rows in zip(puts, self.rows.values(), strict=True):
                if place < len(rows):
                    put(rows[place])
            advance(1)
        if self.ends is not None:
            raise self.ends


SPEC = WorldSpec("trading", "tiny", 42, date(2026, 11, 1))
Export = Callable[..., dict[str, Any]]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """export(source, "xlsx", …, to="out", **wish) -> manifest; the files are in tmp_path / to."""

    def run(source: Few | None = None, *formats: str, to: str = "out", **wish: Any) -> dict[str, Any]:
        return export_world(source or Few(), SPEC, tmp_path / to, Wish(formats or ("csv",), **wish))

    return run
