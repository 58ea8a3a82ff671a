"""An export: one pass over the rows of a world into files of all formats that are wished for, and a manifest of what is there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import shapan
from shapan.world.errors import WorldError
from shapan.world.export.database import Database
from shapan.world.export.delimited import CsvFiles
from shapan.world.export.folder import FORMAT, MANIFEST, whole_folder
from shapan.world.export.table import ANSWERS, Put, Row, Sink, Table, TableSource
from shapan.world.export.workbook import Workbooks
from shapan.world.mess import mess_of
from shapan.world.spec import WorldSpec, load_profile

CHUNK = 2_000
"""Rows of a table that are written at a time."""


class Files(Protocol):
    """The files of one format."""

    def add(self, table: Table) -> tuple[str, Sink]:
        """(path below the folder, where the table's rows go)."""
        ...

    def close(self) -> None:
        """All rows are there."""
        ...

    def abandon(self) -> None:
        """Let go of the files, which nobody wants."""
        ...


FORMATS: Mapping[str, Callable[[Path], Files]] = {
    "csv": CsvFiles,
    "csv-gb18030": lambda folder: CsvFiles(folder, "gb18030"),
    "xlsx": Workbooks,
    "sqlite": Database,
}
"""What writes the files of a format, by its name on the command line."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported: formats, tables (all, or crm/customers and whole systems), with or without the answer key."""

    formats: tuple[str, ...] = ("csv",)
    only: tuple[str, ...] = ()
    answers: bool = True
    replace: bool = False


def export_world(
    source: TableSource,
    spec: WorldSpec,
    target: Path,
    wish: Wish,
    advance: Callable[[int, int], None] = lambda customers, rows: None,
) -> dict[str, Any]:
    """Write the files and give their manifest. `advance(customers, rows)` is told how many more of each are done.

    The answer key is always four CSV files in UTF-8, which `shapan score` reads, whatever the formats. WorldError when the wish or the
    folder is wrong; then, and when it is interrupted, nothing is left behind.
    """
    chosen = _chosen(source.tables, wish)
    with whole_folder(target, replace=wish.replace) as folder:
        pass_ = _Pass(folder, wish, source.tables, chosen, advance)
        try:
            source.run(pass_.puts, pass_.advance)
            pass_.end()
        except sqlite3.OperationalError as error:
            # What its file system refuses is the only thing that this database has not been told of before.
            raise OSError(0, str(error)) from error
        finally:
            pass_.abandon()
        manifest = _manifest(folder, spec, wish, pass_)
        (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n")
    return manifest


def _chosen(tables: Sequence[Table], wish: Wish) -> set[str]:
    """The paths of the tables that are wished for. WorldError that names every wish that is none."""
    known = [table.path for table in tables]
    systems = list(dict.fromkeys(table.system for table in tables))
    faults = [name for name in wish.only if name not in known and name not in systems]
    if faults:
        raise WorldError(
            f"There is no table {', '.join(faults)} to export. Known are {', '.join(known)}, and whole systems: {', '.join(systems)}.",
            f"没有可导出的表 {'、'.join(faults)}。已有的表是 {'、'.join(known)}，也可指定整个系统：{'、'.join(systems)}。",
        )
    chosen = {
        table.path
        for table in tables
        if (table.system == ANSWERS or not wish.only or table.path in wish.only or table.system in wish.only)
        and (table.system != ANSWERS or wish.answers)
    }
    if not chosen:
        raise WorldError(
            "Nothing is left to export: --only names the answer key and --no-answers leaves it out. Take one of them away.",
            "没有可导出的内容：--only 只选了答案，而 --no-answers 又排除了答案。请去掉其中之一。",
        )
    return chosen


class _Pass:
    """The rows of all tables on their way into the files, some thousand at a time."""

    def __init__(
        self,
        folder: Path,
        wish: Wish,
        tables: Sequence[Table],
        chosen: set[str],
        advance: Callable[[int, int], None],
    ) -> None:
        self.rows: dict[str, int] = {table.path: 0 for table in tables if table.path in chosen}
        self.tables = [table for table in tables if table.path in chosen]
        self.files: dict[str, tuple[str, list[Table]]] = {}
        self._advance = advance
        self._new = 0
        self._flushes: list[Callable[[], None]] = []
        self._formats: dict[str, Files] = {}
        try:
            self.puts = [
                self._put(table, self._sinks(folder, table, wish)) if table.path in chosen else _drop
                for table in tables
            ]
        except BaseException:
            self.abandon()
            raise

    def _sinks(self, folder: Path, table: Table, wish: Wish) -> list[Sink]:
        sinks = []
        for name in ("csv",) if table.system == ANSWERS else dict.fromkeys(wish.formats):
            if name not in self._formats:
                self._formats[name] = FORMATS[name](folder)
            path, sink = self._formats[name].add(table)
            self.files.setdefault(path, (name, []))[1].append(table)
            sinks.append(sink)
        return sinks

    def _put(self, table: Table, sinks: list[Sink]) -> Put:
        waiting: list[Row] = []

        def flush() -> None:
            if not waiting:
                return
            for sink in sinks:
                sink(waiting)
            self.rows[table.path] += len(waiting)
            self._new += len(waiting)
            waiting.clear()

        def put(row: Row) -> None:
            waiting.append(row)
            if len(waiting) >= CHUNK:
                flush()

        self._flushes.append(flush)
        return put

    def advance(self, customers: int) -> None:
        """So many more customers are done."""
        self._advance(customers, self._new)
        self._new = 0

    def end(self) -> None:
        """Write what still waits, and end the files."""
        for flush in self._flushes:
            flush()
        self.advance(0)
        for files in self._formats.values():
            files.close()
        self._formats.clear()

    def abandon(self) -> None:
        """Let go of the files that have not been ended."""
        for files in self._formats.values():
            files.abandon()


def _drop(row: Row) -> None:
    """A row of a table that nobody wants."""


def _manifest(folder: Path, spec: WorldSpec, wish: Wish, done: _Pass) -> dict[str, Any]:
    world: dict[str, Any] = {
        "profile": load_profile(spec.profile).name,
        "size": spec.size,
        "opening": spec.opening.isoformat(),
        "history": spec.history,
    }
    if wish.answers:
        # Whoever has these can make the answer key.
        mess = mess_of(spec)
        world |= {"seed": spec.seed, "mess": {"name": mess.name, "rates": dict(mess.rates)}}
    return {
        "format": FORMAT,
        "version": 1,
        "shapan": shapan.__version__,
        "world": world,
        "answers": wish.answers,
        "tables": [
            {
                "system": table.system,
                "name": table.name,
                "rows": done.rows[table.path],
                "columns": [{"name": column.name, "kind": column.kind} for column in table.columns],
            }
            for table in done.tables
        ],
        "files": [_file(folder, path, *what) for path, what in sorted(done.files.items())],
    }


def _file(folder: Path, path: str, format_: str, tables: list[Table]) -> dict[str, Any]:
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "path": path,
        "format": format_,
        "tables": [table.path for table in tables],
        "bytes": (folder / path).stat().st_size,
        "sha256": digest,
    }
