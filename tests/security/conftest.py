"""Systems served in process, each with clients and settings of the test's own."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from shapan.kernel.auth import Client
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System

OWN = Client("shapan", "the-sandbox-s-own-secret")


class Served:
    """A system in process; `token` fetches one for a client."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.http = httpx.Client(transport=httpx.WSGITransport(create_app(runtime)), base_url="http://127.0.0.1")

    def grant(self, client: Client, **form: str) -> httpx.Response:
        """What the token endpoint answers a client."""
        named = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.secret}
        return self.http.post("/oauth/token", data={**named, **form})

    def token(self, client: Client, **form: str) -> str:
        return str(self.grant(client, **form).raise_for_status().json()["access_token"])

    def status(self, method: str, path: str, token: str) -> int:
        return self.http.request(method, path, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def serve_here(
    tmp_path: Path, tiny_world: Any, seeded_folder: Callable[[System], Path]
) -> Iterator[Callable[..., Served]]:
    """serve_here("crm", clients, again=False, **settings) -> Served; `again` goes on with the folder of before."""
    with ExitStack() as stack:

        def start(name: str, *clients: Client, again: bool = False, **settings: Any) -> Served:
            system = importlib.import_module(f"shapan.{name}").SYSTEM
            folder = tmp_path / name
            if not again:
                shutil.copytree(seeded_folder(system), folder)
            runtime = Runtime(system, Settings(folder, clients or (OWN,), lambda: tiny_world, strict=True, **settings))
            runtime.start()
            stack.callback(runtime.stop)
            served = Served(runtime)
            stack.callback(served.http.close)
            return served

        yield start
