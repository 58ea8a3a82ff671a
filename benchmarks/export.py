"""How fast worlds become files, beside a bare `executemany` of the same rows, and how much memory that takes. See README.md.

    python benchmarks/export.py [--rows 1000000] [--rounds 3] [--sizes large,huge] [--formats csv] [--world trading]

First whole worlds, each in a process of its own through `shapan world export`; then the writers alone, with rows that are there already. Prints
Markdown. Exit code 1 when a world misses what is promised: large within 20 s and 1 GiB, huge within 4 minutes and with no more memory
than a few MiB above large.
"""

from __future__ import annotations

import argparse
import csv
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

from shapan.world import WorldSpec
from shapan.world.export import FORMATS, Column, Put, Row, Table, Wish, export_world

MOST_SECONDS = {"large": 20.0, "huge": 240.0}
MOST_MIB = 1024.0
CHUNK = 2_000
TABLE = Table(
    "crm",
    "customers",
    (
        Column("id"), Column("code"), Column("name"), Column("since", "date"), Column("balance", "amount"),
        Column("weight", "quantity"), Column("orders", "integer"), Column("note"), Column("address"), Column("credit_code"),
    ),
)  # fmt: skip


class Ready:
    """Rows that are there already, so that only the writers take time."""

    def __init__(self, number: int) -> None:
        self.tables: Sequence[Table] = (TABLE,)
        self.customers = number
        self.rows: list[Row] = [
            (
                f"{n:032x}", f"BJ-IT-{n:06d}", f"北京示例{n}科技有限公司", f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}", n * 37 - 9_999,
                n * 50, n % 90, None, f"北京市海淀区示范路{n % 300}号", "91110108MAY000017T",
            )
            for n in range(number)
        ]  # fmt: skip

    def run(self, puts: Sequence[Put], advance: Callable[[int], None]) -> None:
        [put] = puts
        for row in self.rows:
            put(row)
        advance(self.customers)


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows for the writers alone; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=3, help="medians are reported of the writers")
    parser.add_argument("--sizes", default="large,huge", help="worlds, separated by commas")
    parser.add_argument("--formats", default="csv", help="formats of the worlds, separated by commas")
    parser.add_argument("--world", default="trading")
    wish = parser.parse_args()
    # The worlds first: a process that is started counts as its own the memory that we have at that moment.
    late = worlds(wish.world, wish.sizes.split(","), wish.formats.split(",")) if wish.sizes else 0
    if wish.rows:
        writers(wish.rows, wish.rounds)
    sys.exit(late)


def writers(number: int, rounds: int) -> None:
    """Each format alone, beside the floor."""
    source = Ready(number)
    spec = WorldSpec("trading", "tiny", 42, date(2026, 11, 1))
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds.setdefault("floor: bare executemany", []).append(floor(Path(folder), iter([source.rows])))
            for name in FORMATS:
                started = time.perf_counter()
                export_world(source, spec, Path(folder) / name, Wish((name,)))
                seconds.setdefault(name, []).append(time.perf_counter() - started)
    print(f"{number:,} rows of {len(TABLE.columns)} columns, medians of {rounds}, hashing included.\n")
    print("| what | seconds | rows/s |\n|---|---|---|")
    for name, measured in seconds.items():
        median = statistics.median(measured)
        print(f"| {name} | {median:.2f} | {number / median:,.0f} |")
    print()


def worlds(profile: str, sizes: list[str], formats: list[str]) -> int:
    """Whole worlds; 1 when one misses what is promised."""
    print(f"World {profile} as {', '.join(formats)}.\n")
    print("| size | rows | seconds | rows/s | most memory, MiB | floor, rows/s |\n|---|---|---|---|---|---|")
    peaks: dict[str, float] = {}
    late = False
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "world"
            words = [word for name in dict.fromkeys(["csv", *formats]) for word in ("--format", name)]
            command = [sys.executable, "-m", "shapan", "world", "export", str(place), "--world", profile, "--size", size, *words]  # fmt: skip
            seconds, peaks[size] = measured(command)
            paths = sorted(place.rglob("*.csv"))
            rows = sum(len(chunk) for path in paths for chunk in chunks(path))
            bare = sum(floor(Path(folder), chunks(path)) for path in paths)
        print(f"| {size} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | {peaks[size]:.0f} | {rows / bare:,.0f} |")
        late |= seconds > MOST_SECONDS.get(size, float("inf")) or peaks[size] > MOST_MIB
    if {"large", "huge"} <= peaks.keys() and peaks["huge"] > 1.25 * peaks["large"]:
        print("\nMemory grows with the size.")
        late = True
    print()
    return int(late)


def measured(command: list[str]) -> tuple[float, float]:
    """(seconds, MiB at most) of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - started, usage.ru_maxrss * unit / 1024**2


def chunks(path: Path) -> Iterator[list[Row]]:
    """The rows of a CSV file, some at a time."""
    with path.open(encoding="gb18030" if ".gb18030." in path.name else "utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        while some := [tuple(row) for row in islice(reader, 20_000)]:
            yield some


def floor(folder: Path, given: Iterator[list[Row]]) -> float:
    """Seconds that one table takes for the rows, with nothing done to them and without reading them."""
    path = folder / "floor.sqlite"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF"):
        db.execute(f"PRAGMA {pragma}")
    seconds = 0.0
    for place, rows in enumerate(given):
        started = time.perf_counter()
        if not place:
            db.execute(f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(len(rows[0])))})")
            db.execute("BEGIN")
        db.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    if db.in_transaction:
        db.execute("COMMIT")
    db.close()
    return seconds + time.perf_counter() - started


if __name__ == "__main__":
    main()
