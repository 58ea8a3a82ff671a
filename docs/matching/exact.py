"""Baseline 1: two records are one company when their names are the same text (按名称直接匹配).

    python exact.py EXPORT_FOLDER > crosswalk.csv
    python exact.py EXPORT_FOLDER crosswalk.csv

Reads crm/customers.csv, scm/partners.csv and finance/customers.csv of a folder that `shapan world export` wrote, and writes a crosswalk
(对照表) for `shapan score`. Needs nothing but Python.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SOURCES = {
    "crm": ("crm/customers.csv", "id", ("name",)),
    "scm": ("scm/partners.csv", "partner_code", ("short_name", "full_name")),
    "finance": ("finance/customers.csv", "id", ("short_name", "full_name")),
}
"""By system: the file, the column of the record's id, and the columns that may hold its name; the full name is hardly ever filled in."""

Row = dict[str, str]


def read(folder: Path) -> Iterator[tuple[str, str, Row]]:
    """(system, record id, row) of every customer of every system."""
    for system, (path, key, _) in SOURCES.items():
        with (folder / path).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield system, row[key], row


def name_of(system: str, row: Row) -> str:
    """The name that the system shows."""
    return next((row[column] for column in SOURCES[system][2] if row[column]), "")


def run(match: Callable[[Path], Iterable[tuple[str, str, str]]]) -> None:
    """The program: `match` gives (system, record id, cluster) for the records of a folder. A wrong call ends with one sentence."""
    if len(sys.argv) not in (2, 3):
        sys.exit(f"Usage: python {Path(sys.argv[0]).name} EXPORT_FOLDER [CROSSWALK] 用法：导出文件夹 [对照表]")
    try:
        found = list(match(Path(sys.argv[1])))
        with open(sys.argv[2] if len(sys.argv) == 3 else 1, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("system", "record_id", "cluster"))
            writer.writerows(found)
    except BrokenPipeError:
        # Who reads has seen enough, as `head` has. Nothing more is written, not even when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        sys.exit(
            f"{error.filename}: {error.strerror}. Name the folder of an export in CSV. 请指定 CSV 格式的导出文件夹。"
        )
    except KeyError as error:
        sys.exit(f"There is no column {error} in {sys.argv[1]}. {sys.argv[1]} 中的文件缺少列 {error}。")


def by_name(folder: Path, spelt: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
    """Every record in the cluster of all that are spelt alike; a record without a name stands alone."""
    for system, record, row in read(folder):
        yield system, record, spelt(name_of(system, row)) or f"{system} {record}"


if __name__ == "__main__":
    run(lambda folder: by_name(folder, lambda name: name))
