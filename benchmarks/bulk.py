"""How long an import of 10,000 customers takes beside a floor, and what it spends its time on. See README.md.

    python benchmarks/bulk.py [--rows 10000] [--bad 37] [--rounds 3] [--profile]

The CRM in this process, over its own wire (WSGI); the floor writes the same rows with one `executemany` into one table of the same file
system, in the same run. Prints Markdown. Exit code 1 when a result is wrong.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import io
import pstats
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from shapan.crm import SYSTEM
from shapan.kernel.auth import Client
from shapan.kernel.bulk.worker import Worker
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings

CLIENT = Client("bench", "bench-secret")
TITLES = ("name", "region", "industry", "address.province", "address.city", "address.district", "address.street", "phone", "email", "paymentTerms")  # fmt: skip


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--bad", type=int, default=37, help="rows among them that must be refused")
    parser.add_argument("--rounds", type=int, default=3, help="medians are reported")
    parser.add_argument("--profile", action="store_true", help="only one import by row, and where its time goes")
    wish = parser.parse_args()
    rows = customers(wish.rows, wish.bad)
    if wish.profile:
        profile(rows, wish.bad)
        return
    print(
        f"{wish.rows:,} customers, {wish.bad} of them bad; GB18030 CSV of {len(as_csv(rows)):,} bytes; seconds, medians of {wish.rounds}.\n"
    )
    print("| what | seconds |\n|---|---|")
    measured: dict[str, list[float]] = {}
    for _ in range(wish.rounds):
        measured.setdefault("floor: one executemany", []).append(floor(rows))
        for name, seconds in once(rows, wish.bad).items():
            measured.setdefault(name, []).append(seconds)
    for name, seconds in measured.items():
        print(f"| {name} | {statistics.median(seconds):.3f} |")


def customers(number: int, bad: int) -> list[tuple[str, ...]]:
    """Customers, of which `bad` have a region that is none, spread evenly."""
    every = number // bad if bad else number + 1
    wrong = {every * n + every // 2 for n in range(bad)}
    return [
        (f"示例{n:05d}科技有限公司", "北京" if n in wrong else "BJ", "IT", "北京市", "北京市", "海淀区", f"示范路{n}号", "010-88881234", f"u{n}@example.com", "NET60")
        for n in range(number)
    ]  # fmt: skip


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    """The file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([TITLES, *rows])
    return text.getvalue().encode("gb18030")


def floor(rows: list[tuple[str, ...]]) -> float:
    """The least that can be: decode, parse, one executemany, commit."""
    content = as_csv(rows)
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "floor.sqlite", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"CREATE TABLE customer ({', '.join(f'c{n} TEXT' for n in range(len(TITLES)))})")
        started = time.perf_counter()
        reader = csv.reader(io.StringIO(content.decode("gb18030"), newline=""))
        next(reader)
        db.execute("BEGIN IMMEDIATE")
        db.executemany(f"INSERT INTO customer VALUES ({', '.join('?' * len(TITLES))})", reader)  # noqa: S608
        db.execute("COMMIT")
        seconds = time.perf_counter() - started
        db.close()
    return seconds


class Crm:
    """An empty CRM and a client of it."""

    def __init__(self, folder: str) -> None:
        self.runtime = Runtime(SYSTEM, Settings(Path(folder), (CLIENT,)))
        self.http = httpx.Client(
            transport=httpx.WSGITransport(create_app(self.runtime)), base_url="http://127.0.0.1", timeout=60
        )
        form = {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
        token = self.http.post("/oauth/token", data=form).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def wait(self, answer: httpx.Response) -> tuple[float, dict[str, Any]]:
        """Seconds until a job that was just asked for has ended, and the job."""
        started, pause = time.perf_counter(), threading.Event()
        answer.raise_for_status()
        while True:
            job: dict[str, Any] = self.http.get(answer.headers["Location"]).json()
            if job["finished_at"]:
                return time.perf_counter() - started, job
            pause.wait(0.01)

    def take(self, content: bytes, mode: str) -> tuple[float, dict[str, Any]]:
        """Import customers."""
        query = {"resource": "customers", "mode": mode}
        return self.wait(
            self.http.post("/imports", params=query, content=content, headers={"Content-Type": "text/csv"})
        )

    def others(self, content: bytes) -> tuple[float, float]:
        """An import by row while somebody posts one contact after the other: (seconds, the longest that one of these took)."""
        customer = self.http.post(
            "/customers", json={"name": "旁观者有限公司", "region": "SH", "industry": "IT"}
        ).json()["id"]
        longest, stop = [0.0], threading.Event()

        def post() -> None:
            while not stop.is_set():
                started = time.perf_counter()
                self.http.post(f"/customers/{customer}/contacts", json={"name": "王小明"}).raise_for_status()
                longest[0] = max(longest[0], time.perf_counter() - started)
                stop.wait(0.02)

        other = threading.Thread(target=post)
        other.start()
        seconds, _ = self.take(content, "by_row")
        stop.set()
        other.join()
        return seconds, longest[0]


def expect(job: dict[str, Any], **counts: int) -> None:
    """Exit code 1 unless the job ended so."""
    got = {state: number for state, number in job["counts"].items() if number}
    if got != {state: number for state, number in counts.items() if number}:
        sys.exit(f"expected {counts}, got {got}: {job['failure']}")


def once(rows: list[tuple[str, ...]], bad: int) -> dict[str, float]:
    """Each way once, on a CRM of its own."""
    content, good = as_csv(rows), len(rows) - bad
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        crm = Crm(folder)
        found["import by row"], job = crm.take(content, "by_row")
        expect(job, created=good, failed=bad)
        found["the same file again"], job = crm.take(content, "by_row")
        expect(job, unchanged=good, failed=bad)
        for format_ in ("csv", "ndjson", "xlsx"):
            answer = crm.http.post("/exports", json={"resource": "customers", "format": format_})
            found[f"export of all as {format_}"], job = crm.wait(answer)
            if job["records"] != good:
                sys.exit(f"exported {job['records']} of {good}")
        crm.runtime.stop()
    with tempfile.TemporaryDirectory() as folder:
        crm = Crm(folder)
        found["atomic import, all good"], job = crm.take(as_csv([row for row in rows if row[1] == "BJ"]), "atomic")
        expect(job, created=good)
        crm.runtime.stop()
    with tempfile.TemporaryDirectory() as folder:
        crm = Crm(folder)
        found["import by row beside another writer"], found["the longest that the other waited"] = crm.others(content)
        crm.runtime.stop()
    return found


def profile(rows: list[tuple[str, ...]], bad: int) -> None:
    """Where the worker's time goes."""
    profiler = cProfile.Profile()
    plain = Worker._one

    def profiled(self: Worker, workspace: Any) -> bool:
        return bool(profiler.runcall(plain, self, workspace))

    Worker._one = profiled  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        crm = Crm(folder)
        _, job = crm.take(as_csv(rows), "by_row")
        expect(job, created=len(rows) - bad, failed=bad)
        crm.runtime.stop()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
