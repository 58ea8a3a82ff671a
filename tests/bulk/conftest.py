"""A client that imports and exports, of any system, with its world or empty."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System

if TYPE_CHECKING:
    from tests.conftest import Api

MEDIA = {"csv": "text/csv", "ndjson": "application/x-ndjson", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


class Clerk:
    """Asks a system for imports and exports and waits for them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def ended(self, answer: httpx.Response) -> dict[str, Any]:
        """The job that was taken, once it has ended."""
        assert answer.status_code == 202, answer.text
        location = answer.headers["Location"]

        pause, deadline = (
            threading.Event(),
            time.monotonic() + 120,
        )  # ten thousand rows in strict mode on a busy machine
        while not (job := self.api.get(location).json())["finished_at"]:
            assert time.monotonic() < deadline, job
            pause.wait(0.05)
        found: dict[str, Any] = job
        return found

    def take(self, resource: str, content: bytes, format_: str = "csv", **query: str) -> dict[str, Any]:
        """An import."""
        query = {"resource": resource, "mode": "by_row", **query}
        return self.ended(
            self.api.post("/imports", params=query, content=content, headers={"Content-Type": MEDIA[format_]})
        )

    def make(self, resource: str, **wish: Any) -> tuple[dict[str, Any], bytes]:
        """An export and its file."""
        job = self.ended(self.api.post("/exports", json={"resource": resource, **wish}))
        return job, self.api.get(f"/exports/{job['id']}/content").content

    def rows(self, job: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        """The first 500 results."""
        return list(self.api.get(f"/imports/{job['id']}/rows", params={"limit": 500, **query}).json()["items"])


@pytest.fixture
def transport() -> str:
    """One way to talk to a system is enough here."""
    return "in-process"


@pytest.fixture
def clerk(request: pytest.FixtureRequest) -> Callable[[str], Clerk]:
    """clerk("crm") for the CRM with the tiny world."""
    return lambda name: Clerk(request.getfixturevalue(name))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Callable[[Clerk], Clerk]]:
    """empty(clerk) is the clerk of a system of the same kind that nothing was ever entered into."""
    with ExitStack() as stack:

        def serve(like: Clerk) -> Clerk:
            system: System = importlib.import_module(f"shapan.{like.api.runtime.system.name}").SYSTEM
            settings = Settings(tmp_path / "empty", like.api.runtime.settings.clients, strict=True)
            runtime = Runtime(system, settings)
            stack.callback(runtime.stop)
            http = httpx.Client(transport=httpx.WSGITransport(create_app(runtime)), base_url="http://127.0.0.1")
            stack.enter_context(http)
            return Clerk(type(like.api)(http, runtime))

        yield serve
