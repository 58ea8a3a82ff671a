"""What `serving.py` measures: the CRM as the product serves it, and a floor; both under the product's granian settings.

    python serving_apps.py crm|floor THREADS PORT FOLDER

Serves until SIGTERM, or until standard input ends.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

DELAY_HEADER = "X-Bench-Delay"
CLIENT_ID = "bench"
_SECRET_VARIABLE = "SHAPAN_CLIENT_SECRET"  # noqa: S105 - the name of a variable
_FOLDER_VARIABLE = "SHAPAN_BENCH_FOLDER"
_THREADS_VARIABLE = "SHAPAN_BENCH_THREADS"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def delaying(app: Wsgi) -> Wsgi:
    """`app`, but a request with X-Bench-Delay first waits so many seconds, as one that a fault delays does: at the edge."""
    from shapan.kernel.edge import OUTCOME, PASSED
    from shapan.kernel.waiting import Pause

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        delay = environ.get("HTTP_X_BENCH_DELAY")
        if delay is not None and "bench" not in environ[PASSED]:
            environ[OUTCOME] = Pause("bench", float(delay))
            start_response("200 OK", [])
            return [b""]
        return app(environ, start_response)

    return wrapped


def crm() -> Any:
    """The CRM, made by the product's own factory, with as many threads as are measured."""
    from shapan.kernel import edge
    from shapan.sandbox import serving

    product = edge.Edge
    edge.Edge = lambda app, _, limit: product(delaying(app), int(os.environ[_THREADS_VARIABLE]), limit)  # type: ignore[assignment, misc]
    return serving.worker_app()


def floor() -> Any:
    """What no Flask app on SQLite can undercut: JSON in, one row in one transaction (WAL, synchronous NORMAL), 201 out."""
    from flask import Flask, request

    path = Path(os.environ[_FOLDER_VARIABLE]) / "floor.sqlite"
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE orders (seq INTEGER PRIMARY KEY, customer TEXT NOT NULL, lines INTEGER NOT NULL)")
    lock = threading.Lock()
    app = Flask("floor")

    @app.post("/orders")
    def create_order() -> tuple[dict[str, Any], int]:
        body = request.get_json()
        with lock:
            db.execute("BEGIN IMMEDIATE")
            seq = db.execute(
                "INSERT INTO orders (customer, lines) VALUES (?, ?)", (body["customerId"], len(body["lines"]))
            ).lastrowid
            db.execute("COMMIT")
        return {"number": seq}, 201

    @app.get("/_shapan/health")
    def health() -> dict[str, str]:
        return {"system": "floor"}

    from shapan.kernel.edge import Edge

    return Edge(delaying(app), int(os.environ[_THREADS_VARIABLE]), 1024**2)


def main(kind: str, threads: int, port: int, folder: Path) -> None:
    """Serve `crm` or `floor` through the product's own `serve`: only the app and the number of threads are ours."""
    import granian

    from shapan.kernel.auth import Client
    from shapan.sandbox.options import SandboxOptions, this_month
    from shapan.sandbox.serving import serve
    from shapan.world import WorldSpec

    product = granian.Granian

    def measured(_target: str, **settings: Any) -> Any:
        return product(f"serving_apps:{kind}", **settings)

    # Taken from `serve`, not copied: a setting that changes there is measured here.
    granian.Granian = measured  # type: ignore[assignment, misc]
    os.environ[_FOLDER_VARIABLE], os.environ[_THREADS_VARIABLE] = str(folder), str(threads)
    world = WorldSpec("trading", "tiny", 42, this_month())
    client = Client(CLIENT_ID, os.environ[_SECRET_VARIABLE])
    serve("crm", SandboxOptions(world, folder, {"crm": port}, client), with_parent=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
