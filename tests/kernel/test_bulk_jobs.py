"""Jobs: interrupted ones go on, others may write meanwhile, a reset ends them, and their number is bounded."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapan.kernel.bulk import imports, jobs
from shapan.kernel.database import Database
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings

if TYPE_CHECKING:
    from shapan.kernel.system import System
    from tests.conftest import Api

pytestmark = pytest.mark.in_process

CSV = {"Content-Type": "text/csv"}
ROWS = 400
DYING = "code,name\n" + "".join(f"A-{n},{'die' if n == 250 else n}\n" for n in range(1, ROWS + 1))

# A process of its own that dies in the middle of an import, inside the transaction.
PROGRAM = """
import importlib.util, sys, threading
from pathlib import Path
import httpx
from shapan.kernel.auth import Client
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System

here, folder, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
spec = importlib.util.spec_from_file_location("shelf", here / "shelf.py")
shelf = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shelf)
tables = lambda db: db.table("thing").create({"kind": str, "key": str, "record": str}, pk=("kind", "key"), strict=True)
system = System("shelf", "Shelf", str(here / "shelf.yaml"), (shelf,), (tables,))
runtime = Runtime(system, Settings(folder, (Client("c", "s"),)))
http = httpx.Client(transport=httpx.WSGITransport(create_app(runtime)), base_url="http://127.0.0.1")
form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
token = http.post("/oauth/token", data=form).json()["access_token"]
answer = http.post("/imports", params={"resource": "books", "mode": mode}, content=sys.stdin.buffer.read(),
                   headers={"Authorization": "Bearer " + token, "Content-Type": "text/csv"})
assert answer.status_code == 202, answer.text
threading.Event().wait(60)
"""


def books(runtime: Runtime) -> int:
    with runtime.workspace("default").database.read() as db:
        return int(db.execute("SELECT count(*) FROM thing WHERE kind = 'book'").fetchone()[0])


@pytest.mark.parametrize("mode", ["by_row", "atomic"])
def test_an_import_that_was_killed_goes_on_at_the_next_start(
    mode: str, tmp_path: Path, shelf_system: System, eventually: Callable[..., Any]
) -> None:
    program = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(tmp_path), mode]
    died = subprocess.run(program, input=DYING.encode(), env={**os.environ, "SHELF_DIES": "1"}, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    runtime = Runtime(shelf_system, Settings(tmp_path, strict=True))
    workspace = runtime.workspace("default")
    with workspace.database.read() as db:
        [job] = db.execute("SELECT * FROM shapan_job").fetchall()
    # Nothing is half-written: each record has its result, and of an atomic import there is neither.
    assert (job["state"], books(runtime)) == ("running", job["created"])
    assert job["created"] < 250
    assert mode == "by_row" or job["created"] == 0
    runtime.start()
    try:

        def ended() -> Any:
            with workspace.database.read() as db:
                row = jobs.get(db, "import", job["id"])
                assert row is not None
                return row["state"] == "done" and [row[state] for state in jobs.ROW_STATES]

        assert eventually(ended) == [ROWS, 0, 0, 0, 0]
        assert books(runtime) == ROWS
    finally:
        runtime.stop()


@pytest.fixture
def gate(shelf_system: System) -> Any:
    """The events of the book "gate": reached, and may leave."""
    [module] = shelf_system.operations
    module.REACHED.clear()
    module.LEAVE.clear()
    yield module
    module.LEAVE.set()


def send(api: Api, names: list[str], prefix: str = "A", **query: str) -> str:
    """The path of a new import of books with these names."""
    content = "code,name\n" + "".join(f"{prefix}-{n},{name}\n" for n, name in enumerate(names, 1))
    answer = api.post(
        "/imports", params={"resource": "books", "mode": "by_row", **query}, content=content.encode(), headers=CSV
    )
    assert answer.status_code == 202, answer.text
    return answer.headers["Location"]


def done(api: Api, path: str) -> Callable[[], Any]:
    return lambda: next((job for job in [api.get(path).json()] if job["state"] in ("done", "failed")), None)


def test_a_stop_ends_with_the_row_and_the_rest_comes_at_the_next_start(
    shelf: Api, shelf_system: System, gate: Any, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH_SECONDS", 0)
    path = send(shelf, ["gate", *"abcdefgh"])
    atomic = send(shelf, ["x", "y"], "B", mode="atomic")
    assert gate.REACHED.wait(60)
    stopping = threading.Thread(target=shelf.runtime.stop)
    stopping.start()
    eventually(lambda: shelf.runtime.bulk.stopping)
    gate.LEAVE.set()
    stopping.join()
    folder = shelf.runtime.settings.folder
    runtime = Runtime(shelf_system, Settings(folder, shelf.runtime.settings.clients, strict=True))
    assert books(runtime) == 1
    runtime.start()
    app = create_app(runtime).test_client()
    header = {"Authorization": f"Bearer {shelf.token}"}
    for each, created in ((path, 9), (atomic, 2)):
        local = each.removeprefix("http://127.0.0.1")
        job = eventually(
            lambda local=local: next((j for j in [app.get(local, headers=header).json] if j["finished_at"]), None)
        )
        assert (job["state"], job["counts"]["created"]) == ("done", created)
    runtime.stop()


def test_others_write_between_the_rows(
    shelf: Api, gate: Any, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH_SECONDS", 0)
    path = send(shelf, ["gate", *map(str, range(300))])
    assert gate.REACHED.wait(60)
    assert shelf.get(path).json()["state"] == "running"
    other = threading.Thread(target=lambda: shelf.post("/books", json={"code": "OTHER", "name": "x"}))
    other.start()
    gate.LEAVE.set()
    other.join()
    assert eventually(done(shelf, path))["counts"]["created"] == 301
    with shelf.runtime.workspace("default").database.read() as db:
        order = [row[0] for row in db.execute("SELECT key FROM thing ORDER BY rowid")]
    assert 0 < order.index("OTHER") < 300


def test_progress_is_seen_before_an_atomic_import_is_written(
    shelf: Api, gate: Any, eventually: Callable[..., Any]
) -> None:
    path = send(shelf, ["a", "b", "gate", "c"], mode="atomic")
    assert gate.REACHED.wait(60)
    job = shelf.get(path).json()
    assert (job["state"], job["progress"], sum(job["counts"].values())) == ("running", {"done": 2, "total": 4}, 0)
    assert shelf.get("/books").json()["items"] == []
    gate.LEAVE.set()
    assert eventually(done(shelf, path))["progress"] == {"done": 4, "total": 4}


def test_a_reset_ends_what_runs(
    shelf: Api, gate: Any, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH_SECONDS", 0)
    path = send(shelf, ["gate", *map(str, range(50))])
    assert gate.REACHED.wait(60)
    resetting = threading.Thread(target=lambda: shelf.post("/_shapan/reset"))
    resetting.start()
    gate.LEAVE.set()
    resetting.join()
    assert shelf.get(path).status_code == 404
    again = send(shelf, ["a", "b"])
    assert eventually(done(shelf, again))["counts"]["created"] == 2
    assert books(shelf.runtime) == 2


def test_jobs_that_wait_and_jobs_that_are_kept_are_bounded(
    shelf: Api, refusal: Callable[..., list[str]], eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave, read = threading.Event(), imports.read_records

    def wait_and_read(*arguments: Any) -> Any:
        assert leave.wait(60)
        return read(*arguments)

    monkeypatch.setattr(imports, "read_records", wait_and_read)
    monkeypatch.setattr(jobs, "MOST_WAITING", 4)
    monkeypatch.setattr(jobs, "KEPT", 2)
    paths = [send(shelf, [name], key="name") for name in "abcd"]
    full = shelf.post("/imports", params={"resource": "books"}, content=b"", headers=CSV)
    assert refusal(full, 409, "too-many-jobs") == []
    assert refusal(shelf.post("/exports", json={"resource": "books"}), 409, "too-many-jobs") == []
    leave.set()
    eventually(done(shelf, paths[-1]))
    last = send(shelf, ["e"], key="name")
    assert [shelf.get(path).status_code for path in paths] == [404, 404, 200, 200]
    assert eventually(done(shelf, last))
    with shelf.runtime.workspace("default").database.read() as db:
        assert db.execute("SELECT count(*) FROM shapan_job_content").fetchone()[0] == 0
        assert db.execute("SELECT count(DISTINCT job_id) FROM shapan_import_row").fetchone()[0] == 3


def test_a_job_on_which_the_simulator_fails_says_so(
    shelf: Api, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "read_records", fail)
        job = eventually(done(shelf, send(shelf, ["a"])))
    assert (job["state"], job["failure"]["type"]) == ("failed", "urn:shapan:problem:internal")
    assert eventually(done(shelf, send(shelf, ["a"])))["state"] == "done"


def test_a_database_of_before_gets_the_tables(tmp_path: Path) -> None:
    Database(tmp_path / "x.sqlite", ()).close()
    with sqlite3.connect(tmp_path / "x.sqlite") as old:
        for table in ("shapan_job", "shapan_job_content", "shapan_import_row", "shapan_import_key"):
            old.execute(f"DROP TABLE {table}")
    database = Database(tmp_path / "x.sqlite", ())
    with database.read() as db:
        assert jobs.next_open(db) is None
    database.close()
