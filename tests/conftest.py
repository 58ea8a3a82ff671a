"""Fixtures that all tests share: a served system, in process and over real sockets, with a client that has a token.

Systems are imported by name and only when asked for, so that one room's tests run without the others.
"""

from __future__ import annotations

import importlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.serving import make_server

from shapan.kernel.auth import Client
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System

CLIENT = Client("tests", "tests-secret")
OPENING = date(2026, 1, 1)


class Api:
    """A client of one served system, with a token. Paths are those of the contract."""

    def __init__(self, http: httpx.Client, runtime: Runtime, token: str = "") -> None:
        self.http = http
        self.runtime = runtime
        self.token = token or self.fetch_token()

    def fetch_token(self, scope: str | None = None, prefix: str = "") -> str:
        form = {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
        if scope is not None:
            form["scope"] = scope
        answer = self.http.post(f"{prefix}/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def with_scopes(self, *scopes: str) -> Api:
        """The same system through a token with these scopes only."""
        return Api(self.http, self.runtime, self.fetch_token(" ".join(scopes)))

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@pytest.fixture(scope="session")
def tiny_world() -> Any:
    """The tiny trading world, opened on 1 January 2026, without the documents of the year before."""
    from shapan.world import WorldSpec, build_world

    return build_world(WorldSpec("trading", "tiny", 42, OPENING, history=False))


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory, tiny_world: Any) -> Callable[[System], Path]:
    """A folder with a freshly seeded system, made once a session: tests copy it, which is faster than seeding."""
    made: dict[str, Path] = {}

    def folder(system: System) -> Path:
        if system.name not in made:
            path = tmp_path_factory.mktemp(f"seeded-{system.name}")
            Runtime(system, Settings(path, (CLIENT,), lambda: tiny_world)).stop()
            made[system.name] = path
        return made[system.name]

    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests talk to a system straight into the app and through a server on a real port; those marked `in_process` or
    `over_sockets` only one way.

    What a socket can change is shown once for the kernel and for every kind of answer; business need not be played twice.
    """
    if "transport" in metafunc.fixturenames and not hasattr(metafunc.module, "transport"):
        marked = metafunc.definition.get_closest_marker
        ways = [("in-process", "over_sockets"), ("sockets", "in_process")]
        metafunc.parametrize("transport", [way for way, against in ways if marked(against) is None])


@pytest.fixture
def serve(
    tmp_path: Path, tiny_world: Any, seeded_folder: Callable[[System], Path], transport: str
) -> Iterator[Callable[..., Api]]:
    """serve(system, **settings) -> Api of a fresh copy of the seeded system, with response validation on."""
    with ExitStack() as stack:

        def start(system: System, **settings: Any) -> Api:
            folder = tmp_path / system.name
            shutil.copytree(seeded_folder(system), folder)
            runtime = Runtime(system, Settings(folder, (CLIENT,), lambda: tiny_world, strict=True, **settings))
            runtime.start()
            stack.callback(runtime.stop)
            app = create_app(runtime)
            if transport == "in-process":
                client = httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1")
            else:
                server = make_server("127.0.0.1", 0, app, threaded=True)
                thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
                client = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30)
            stack.enter_context(client)
            return Api(client, runtime)

        yield start


def _system(name: str) -> System:
    system = importlib.import_module(f"shapan.{name}").SYSTEM
    assert isinstance(system, System)
    return system


@pytest.fixture
def crm(serve: Callable[..., Api]) -> Api:
    """The CRM with the tiny world."""
    return serve(_system("crm"))


@pytest.fixture
def scm(serve: Callable[..., Api]) -> Api:
    """The SCM with the tiny world."""
    return serve(_system("scm"))


@pytest.fixture
def finance(serve: Callable[..., Api]) -> Api:
    """Finance with the tiny world."""
    return serve(_system("finance"))


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """eventually(check) waits until check() is true, at most 15 seconds, and gives its value."""

    def wait(check: Callable[[], Any]) -> Any:
        pause = threading.Event()
        deadline = time.monotonic() + 15
        while not (value := check()):
            assert time.monotonic() < deadline, "it did not happen in 15 seconds"
            pause.wait(0.01)
        return value

    return wait


@pytest.fixture
def refusal() -> Callable[..., list[str]]:
    """refusal(answer, 422, "business-rule") -> the pointers of its faults in their order, after a check of its status and type."""

    def pointers(answer: httpx.Response, status: int, name: str) -> list[str]:
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        problem = answer.json()
        assert problem["type"] == f"urn:shapan:problem:{name}"
        assert problem["status"] == status
        assert problem["detail"]
        return [fault["pointer"] for fault in problem.get("errors", [])]

    return pointers
