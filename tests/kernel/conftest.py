"""The memo system, served."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import sqlite_utils
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from shapan.kernel.system import System

if TYPE_CHECKING:
    from tests.conftest import Api

HERE = Path(__file__).parent


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"kernel_tests_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _table(db: sqlite_utils.Database) -> None:
    db.table("memo").create({"id": int, "text": str, "sealed": int}, pk="id", not_null={"text", "sealed"}, strict=True)


def _seed(db: sqlite_utils.Database, world: Any) -> None:
    db.table("memo").insert({"id": 1, "text": "seeded", "sealed": 0})


@pytest.fixture(scope="session")
def memo_system() -> System:
    return System("memo", "Memos", str(HERE / "memo.yaml"), (_load("memo"),), (_table,), _seed)


@pytest.fixture
def memo(serve: Callable[..., Api], memo_system: System) -> Api:
    return serve(memo_system)


def _things(db: sqlite_utils.Database) -> None:
    db.table("thing").create({"kind": str, "key": str, "record": str}, pk=("kind", "key"), strict=True)


@pytest.fixture(scope="session")
def shelf_system() -> System:
    """A system with masters and documents, empty."""
    return System("shelf", "Shelf", str(HERE / "shelf.yaml"), (_load("shelf"),), (_things,))


@pytest.fixture
def shelf(serve: Callable[..., Api], shelf_system: System) -> Api:
    return serve(shelf_system)


class Receiver:
    """A webhook receiver on a real port. `answers` are given in turn, the last one for good; `got` are (headers, body)."""

    def __init__(self) -> None:
        self.answers: list[int] = [204]
        self.got: list[tuple[dict[str, str], bytes]] = []
        self._arrived = threading.Condition()
        self._server = make_server("127.0.0.1", 0, Request.application(self._take), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}/hook"

    def _take(self, request: Request) -> Response:
        with self._arrived:
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.got.append(({k.lower(): v for k, v in request.headers}, request.get_data()))
            self._arrived.notify_all()
        return Response(status=status)

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        """The events that came, once there are `number` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= number, 10), f"only {len(self.got)} of {number} came"
            return [json.loads(body) for _, body in self.got]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.stop()
