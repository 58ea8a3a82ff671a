"""Worlds as folders of files, and records that a test makes up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shapan.quality.consistency import Record
from shapan.quality.standard import Kind
from shapan.world import WorldSpec
from shapan.world.export import Wish, export_world
from shapan.world.tables import world_tables


class Rows:
    """A source of records by kind, each a dict of the columns that matter; the other columns are empty."""

    def __init__(self, records: dict[str, list[dict[str, str | None]]]) -> None:
        self.records = records

    def describe(self) -> dict[str, str]:
        return {"kind": "files", "name": "rows"}

    def kinds(self) -> list[str]:
        return list(self.records)

    def rows(self, kind: Kind) -> Iterator[Record]:
        for record in self.records[kind.name]:
            yield {column: record.get(column) or None for column in kind.needed}


@pytest.fixture
def rows() -> Callable[..., Rows]:
    """rows({"crm/customers": [{"id": "1", …}]}) is a source of these records."""
    return Rows


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """exported("article", "small", demo_set=0) is the folder of the export of such a world, made once a session."""
    made: dict[Any, Path] = {}

    def folder(mess: str, size: str = "tiny", profile: str = "trading", **rates: float) -> Path:
        key = (mess, size, profile, *rates.items())
        if key not in made:
            target = tmp_path_factory.mktemp("exported") / "world"
            spec = WorldSpec(profile, size, 42, date(2026, 1, 1), mess, tuple(rates.items()))
            export_world(
                world_tables(spec), spec, target, Wish(("csv",), (), True, False), lambda customers, rows: None
            )
            made[key] = target
        return made[key]

    return folder
