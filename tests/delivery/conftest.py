"""A system with events, receivers, and real brokers for it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlite_utils

from shapan.kernel.system import System

HERE = Path(__file__).parent
KERNEL = HERE.parent / "kernel"


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


servers = _load(HERE / "servers.py", "delivery_tests_servers")
Receiver = _load(KERNEL / "conftest.py", "delivery_tests_kernel").Receiver


def _table(db: sqlite_utils.Database) -> None:
    db.table("memo").create({"id": int, "text": str, "sealed": int}, pk="id", not_null={"text", "sealed"}, strict=True)


@pytest.fixture(scope="session")
def memo_system() -> System:
    """The system of the kernel's tests: one event for each memo, whose subject is the first four characters of its text."""
    return System(
        "note", "Notes", str(KERNEL / "memo.yaml"), (_load(KERNEL / "memo.py", "delivery_tests_memo"),), (_table,)
    )


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A webhook receiver on a real port."""
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=["rabbitmq", "redis"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running RabbitMQ or Redis, skipped where the server is not installed."""
    kind = servers.RabbitServer if request.param == "rabbitmq" else servers.RedisServer
    if reason := servers.missing(kind.program):
        pytest.skip(reason)
    server = kind(tmp_path_factory.mktemp(request.param))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def reader(broker: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """reader() takes what is new in the broker, as CloudEvents in the order in which a consumer gets them."""
    consumer = servers.consumer_of(broker)
    consumer.drop()
    yield consumer.take
    consumer.close()


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """invoke("events", "list", SHAPAN_…="…") runs the command in this process; no other SHAPAN_ variable is set."""
    from click.testing import CliRunner

    from shapan.cli import main

    for name in [name for name in os.environ if name.startswith("SHAPAN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> Any:
        return CliRunner().invoke(main, list(arguments), env=environment, prog_name="shapan")

    return run
