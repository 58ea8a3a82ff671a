"""The journal's file: groups, order, bounds, clearing, disks that are full, files that are spoilt."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.journal import Journal, JournalStore, Limits, Query
from shapan.kernel.journal.notes import RequestNote

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def note(number: int, **members: Any) -> RequestNote:
    given: dict[str, Any] = {
        "at": AT, "started": time.time(), "seconds": 0.01, "method": "GET", "path": f"/things/{number}", "query_string": "",
        "path_parameters": {}, "operation_id": "getThing", "client_id": "c", "status": 200, "sent": "whole", "request_id": f"r{number}",
        "traceparent": None, "headers": {}, "answer_headers": (), "body": b"", "body_size": 0, "answer": b"", "answer_size": 0, "faults": (),
    }  # fmt: skip
    return RequestNote(**{**given, **members})


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Callable[..., JournalStore]]:
    opened: list[JournalStore] = []

    def start(**limits: int) -> JournalStore:
        store = JournalStore(tmp_path / "journal.sqlite", Limits(**limits))
        opened.append(store)
        return store

    yield start
    for store in opened:
        store.close()


def paths(store: JournalStore, workspace: str = "w", **query: Any) -> list[str]:
    items, _ = Journal(store, "memo", workspace).query(Query(newest_first=False, limit=100_000, **query))
    return [item["path"] for item in items]


def test_everything_noted_by_many_threads_is_there_in_the_order_of_each(stores):
    store = stores()

    def work(mine: int) -> None:
        for number in range(500):
            store.append("w", note(mine * 1000 + number))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [int(path.rpartition("/")[2]) for path in paths(store)]
    assert len(numbers) == 4000
    for mine in range(8):
        assert [n for n in numbers if n // 1000 == mine] == list(range(mine * 1000, mine * 1000 + 500))


def test_it_is_written_by_itself_and_who_waits_for_it_is_told(stores, tmp_path):
    store = stores()
    arrival = store.arrival("w")
    store.append("other", note(1))
    store.append("w", note(2))
    assert arrival.wait(10)
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        assert db.execute("SELECT count(*) FROM entry").fetchone() == (2,)


def test_of_each_workspace_the_latest_are_kept(stores):
    store = stores(entries=100)
    for number in range(350):
        store.append("w", note(number))
        if number % 50 == 0:
            store.append("quiet", note(number))
            store.flush()
    kept = [int(path.rpartition("/")[2]) for path in paths(store)]
    assert 100 <= len(kept) <= 155
    assert kept == list(range(350 - len(kept), 350))
    assert len(paths(store, "quiet")) == 7


def test_it_is_bounded_in_bytes_and_bodies_go_with_their_entries(stores, tmp_path):
    store = stores(workspace_bytes=100_000)
    for number in range(200):
        store.append("w", note(number, answer=b"x" * 5000, answer_size=5000))
        store.flush()
    kept = paths(store)
    assert 10 <= len(kept) <= 20
    assert kept[-1] == "/things/199"
    store.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        assert db.execute("SELECT count(*) FROM content").fetchone() == (len(kept),)


@pytest.mark.parametrize(
    "long",
    [
        {"answer": ("货" * 2000).encode(), "answer_size": 6000},
        {"path": "/" + "a" * 4000},
        {"path_parameters": {str(number): str(number) * 20 for number in range(10, 50)}},
    ],
)
def test_what_is_counted_is_what_the_file_holds(stores, tmp_path, long):
    store = stores(workspace_bytes=100_000)
    for number in range(200):
        store.append("w", note(number, **long))
    store.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        (held,) = db.execute(
            "SELECT sum(length(CAST(path || subjects || refs || coalesce(response_body, '') AS BLOB))) FROM entry JOIN content USING (seq)"
        ).fetchone()
    assert 40_000 < held < 100_000


def test_all_workspaces_together_are_bounded_by_the_largest(stores):
    store = stores(bytes=200_000)
    store.append("small", note(0, answer=b"x" * 5000, answer_size=5000))
    for number in range(200):
        store.append("large", note(number, answer=b"x" * 5000, answer_size=5000))
    store.flush()
    assert len(paths(store, "small")) == 1
    assert 20 <= len(paths(store, "large")) <= 40


def test_a_large_body_is_cut_and_its_size_kept(stores):
    store = stores()
    store.append("w", note(1, body=b"x" * 16384, body_size=5_000_000, headers={"content-type": "text/plain"}))
    [entry], _ = Journal(store, "memo", "w").query()
    assert (len(entry["request_body"]), entry["request_bytes"]) == (16384, 5_000_000)


@pytest.mark.parametrize(
    ("body", "media", "shown"),
    [
        (b"\x00\xff\xfe", "application/zip", "(3 bytes of application/zip)"),
        ("客户".encode()[:5], "text/plain", "(5 bytes of text/plain)"),
        ("客户".encode(), "text/csv", "客户"),
        (b"[" * 5000, "application/json", "[" * 5000),
        (b"a=1&password=x", "application/x-www-form-urlencoded", "a=1&password=***"),
    ],
)
def test_any_body_can_be_kept(stores, body, media, shown):
    store = stores()
    store.append("w", note(1, body=body, body_size=len(body), headers={"content-type": media}))
    [entry], _ = Journal(store, "memo", "w").query()
    assert entry["request_body"] == shown


def test_what_cannot_be_shown_is_noted_all_the_same(stores, caplog):
    store = stores()
    body = b'{"token":' * 300 + b"1" + b"}" * 300
    store.append("w", note(1, body=body, body_size=len(body), headers={"content-type": "application/json"}))
    store.append("w", note(2, headers={3: "no header has such a name"}))
    assert paths(store) == ["/things/1", "/things/2"]
    assert "could not be made in full" in caplog.text


def test_half_of_a_surrogate_pair_does_not_stop_the_journal(stores):
    store = stores()
    body = b'{"number": "A\\ud800-1", "token": "x", "text": "\\udfff"}'
    store.append("w", note(1, body=body, body_size=len(body), headers={"content-type": "application/json"}))
    store.append("w", note(2, request_id="r\udcff"))
    assert paths(store) == ["/things/1", "/things/2"]


def test_clearing_forgets_what_was_noted_before_and_nothing_later(stores):
    store = stores()
    store.append("w", note(1))
    store.flush()
    store.append("w", note(2))
    store.clear("w")
    store.append("w", note(3))
    store.append("other", note(4))
    assert paths(store) == ["/things/3"]
    assert paths(store, "other") == ["/things/4"]


def test_cursors_stay_good_over_a_clear_and_a_restart(stores, tmp_path):
    first = stores()
    for number in range(5):
        first.append("w", note(number))
    journal = Journal(first, "memo", "w")
    cursor = journal.last
    assert cursor == 5
    journal.clear()
    first.close()
    second = stores()
    second.append("w", note(9))
    items, _ = Journal(second, "memo", "w").query(Query(after=cursor))
    assert [item["path"] for item in items] == ["/things/9"]


def test_a_full_disk_loses_nothing_that_fits_later(stores):
    store = stores()
    store.append("w", note(1))
    store.flush()
    real = store._db

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def executemany(self, *_: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    store._db = Full()  # type: ignore[assignment]
    store.append("w", note(2))
    with pytest.raises(sqlite3.OperationalError):
        store.flush()
    store._db = real
    store.append("w", note(3))
    assert paths(store) == ["/things/1", "/things/2", "/things/3"]


def test_a_file_of_another_version_is_set_aside(stores, tmp_path):
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    store = stores()
    store.append("w", note(1))
    assert paths(store) == ["/things/1"]
    assert (tmp_path / "journal.unreadable").exists()


def test_after_the_end_nothing_is_noted_and_nothing_fails(stores):
    store = stores()
    journal = Journal(store, "memo", "w")
    store.close()
    store.append("w", note(1))
    assert journal.query() == ([], False)
    store.close()
