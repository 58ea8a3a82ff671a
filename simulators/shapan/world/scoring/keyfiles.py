"""The answer key as the four CSV files of an export, or made anew from the world itself."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shapan.world.answers import AnswerKey, Entity, Record
from shapan.world.entities import Noise, Relation
from shapan.world.errors import WorldError
from shapan.world.export.table import Table
from shapan.world.spec import WorldSpec
from shapan.world.tables import KEY, KEY_ENTITIES, KEY_NOISE, KEY_RECORDS, KEY_RELATIONS, world_tables

FOLDER = "answer-key"
_SHOWN = 20
# A cell of the noise log may hold what it likes, but no export writes one of a million characters.
_LONGEST_CELL = 1_000_000


def read_key(folder: Path) -> AnswerKey:
    """The key in an export's folder, or in the folder `answer-key` of it. WorldError that names every file and line that is wrong."""
    if (folder / FOLDER).is_dir():
        folder = folder / FOLDER
    if not folder.is_dir():
        raise WorldError(
            f"There is no folder {folder}. Give a folder that `shapan world export` has written with --key.",
            f"没有目录 {folder}。请用 --key 指定由 shapan world export 导出的目录。",
        )
    faults: list[tuple[str, str]] = []
    rows = {table: list(_rows(folder, table, faults)) for table in KEY}
    if not faults:
        try:
            return _key({table: list(cells) for table, cells in rows.items()})
        except ValueError as error:
            faults.append((str(error), str(error)))
    more, rest = ("; and more", "；等") if len(faults) > _SHOWN else ("", "")
    raise WorldError(
        f"The answer key in {folder} cannot be used: {'; '.join(en for en, _ in faults[:_SHOWN])}{more}. Export the world again.",
        f"{folder} 中的答案无法使用：{'；'.join(zh for _, zh in faults[:_SHOWN])}{rest}。请重新导出该世界。",
    )


def key_of_world(spec: WorldSpec) -> AnswerKey:
    """The key of a world, made anew, with the names that its records bear. WorldError when the spec cannot be used.

    What was made wrong in documents and stock is left out: it says nothing of who is who.
    """
    source = world_tables(spec)
    rows: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in KEY}
    puts = [rows[table].append if table in rows else _nowhere for table in source.tables]
    source.run(puts, lambda customers: None, documents=False)
    return _key(rows)


def _nowhere(row: tuple[Any, ...]) -> None:
    """Where rows go that nobody wants."""


def _key(rows: dict[Table, list[Any]]) -> AnswerKey:
    records = rows[KEY_RECORDS]
    names: dict[Record, str] = {(system, kind, id_): name for system, kind, id_, _, name in records}
    return AnswerKey(
        (row[:4] for row in records),
        (Entity(key, kind, name, code, str(demo) == "1") for key, kind, name, code, demo in rows[KEY_ENTITIES]),
        (Relation(*row) for row in rows[KEY_RELATIONS]),
        (Noise(*row) for row in rows[KEY_NOISE]),
        names,
    )


def _rows(folder: Path, table: Table, faults: list[tuple[str, str]]) -> Iterator[Sequence[str]]:
    """The rows of one file, in the order of the table's columns; columns that it does not know are let be."""
    name = f"{table.name}.csv"
    columns = [column.name for column in table.columns]
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                faults.append((f"{name} lacks {', '.join(missing)}", f"{name} 缺少列 {'、'.join(missing)}"))
                return
            places = [header.index(column) for column in columns]
            for cells in reader:
                if len(cells) == len(header):
                    yield tuple(cells[place] for place in places)
                elif cells:
                    faults.append(
                        (
                            f"{name} line {reader.line_num} has {len(cells)} cells, not {len(header)}",
                            f"{name} 第 {reader.line_num} 行有 {len(cells)} 个单元格，应为 {len(header)} 个",
                        )
                    )
    except FileNotFoundError:
        faults.append((f"{name} is missing", f"缺少 {name}"))
    except OSError as error:
        faults.append((f"{name} cannot be read ({error.strerror})", f"无法读取 {name}（{error.strerror}）"))
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append((f"{name} is no CSV in UTF-8 ({error})", f"{name} 不是 UTF-8 编码的 CSV（{error}）"))
    finally:
        csv.field_size_limit(limit)
