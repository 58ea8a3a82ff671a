"""Records from files (文件): the folder of `shapan world export`, or one with cleansed CSV files of the same names and columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from shapan.quality.consistency import Record
from shapan.quality.errors import QualityError, faulty
from shapan.quality.standard import Kind, Standard

_SUFFIXES = (".csv", ".gb18030.csv")


class FolderRecords:
    """The CSV files below a folder, crm/customers.csv and so on, in UTF-8 with or without byte order mark, or GB18030.

    Kinds whose file is not there are left out. QualityError, naming every fault, when there is no file at all, a file cannot be read, or a
    column is missing.
    """

    def __init__(self, folder: Path, standard: Standard) -> None:
        self._folder = folder
        self._files: dict[str, tuple[Path, str]] = {}
        faults: list[tuple[str, str]] = []
        for kind in standard.kinds.values():
            if path := next((p for p in (folder / f"{kind.name}{end}" for end in _SUFFIXES) if p.is_file()), None):
                self._files[kind.name] = (path, _encoding(path))
                faults += self._missing(kind)
        if faults:
            raise faulty(f"The files in {folder} cannot be checked", f"无法检查 {folder} 中的文件", faults)
        if not self._files:
            raise QualityError(
                f"There is no file of the data standard in {folder}, as {folder / 'crm' / 'customers.csv'}. Name the folder of an export in CSV.",
                f"{folder} 中没有数据标准所列的文件，例如 {folder / 'crm' / 'customers.csv'}。请指定 CSV 格式的导出文件夹。",
            )

    def describe(self) -> dict[str, str]:
        """Which folder."""
        return {"kind": "files", "name": str(self._folder)}

    def kinds(self) -> list[str]:
        """The kinds that have a file."""
        return list(self._files)

    def rows(self, kind: Kind) -> Iterator[Record]:
        """The rows of a file, one after the other."""
        path, encoding = self._files[kind.name]
        try:
            with path.open(encoding=encoding, newline="") as file:
                reader = csv.reader(file)
                places = {title: place for place, title in enumerate(next(reader))}
                wanted = [(column, places[column]) for column in kind.needed]
                for row in reader:
                    if not row:
                        continue
                    if len(row) != len(places):
                        raise QualityError(
                            f"{path}, line {reader.line_num}: {len(row)} cells under {len(places)} titles. Mend the line.",
                            f"{path} 第 {reader.line_num} 行：有 {len(row)} 个单元格，而标题有 {len(places)} 个。请修正该行。",
                        )
                    yield {column: row[place] or None for column, place in wanted}
        except (OSError, UnicodeError, csv.Error) as error:
            raise _unreadable(path, error) from error

    def _missing(self, kind: Kind) -> Iterator[tuple[str, str]]:
        path, encoding = self._files[kind.name]
        try:
            with path.open(encoding=encoding, newline="") as file:
                titles = next(csv.reader(file), [])
        except (OSError, UnicodeError, csv.Error) as error:
            raise _unreadable(path, error) from error
        if missing := [column for column in kind.needed if column not in titles]:
            name = path.relative_to(self._folder).as_posix()
            yield f"{name} has no column {', '.join(missing)}", f"{name} 缺少列 {'、'.join(missing)}"
        if twice := sorted({title for title in titles if titles.count(title) > 1}):
            name = path.relative_to(self._folder).as_posix()
            yield f"{name} has {', '.join(twice)} more than once", f"{name} 中 {'、'.join(twice)} 重复"


def _encoding(path: Path) -> str:
    """UTF-8 if the whole file is, else GB18030."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1 << 20):
                pass
    except UnicodeError:
        return "gb18030"
    except OSError as error:
        raise _unreadable(path, error) from error
    return "utf-8-sig"


def _unreadable(path: Path, error: Exception) -> QualityError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return QualityError(
        f"{path} cannot be read as CSV in UTF-8 or GB18030 ({reason}). Write it anew.",
        f"无法按 UTF-8 或 GB18030 的 CSV 读取 {path}（{reason}）。请重新生成该文件。",
    )
