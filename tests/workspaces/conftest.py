"""All systems of a small sandbox in this process, once a session; each test has workspaces of its own in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shapan.kernel.auth import Client
from shapan.sandbox.options import SIMULATORS, plan
from shapan.sandbox.threads import ThreadSandbox

CLIENT = Client("tests", "tests-secret")
STORES = {
    "crm": ("/stores", "code", {}),
    "scm": ("/warehouses", "warehouse_code", {"address": "上海市徐汇区示范路8号"}),
    "finance": ("/stores", "code", {}),
}
"""Where each system keeps stores, what it calls their code, and what else a new one needs."""


class House:
    """A running sandbox: `control` is a client of its control; stores are entered and listed in each system as a client does."""

    def __init__(self, sandbox: ThreadSandbox) -> None:
        self.sandbox = sandbox
        self.runtimes = sandbox.runtimes
        self.control = self._client("control")
        self.systems = {name: self._client(name) for name in SIMULATORS}
        self._tokens: dict[tuple[str, str], str] = {}
        self._names = (f"w{number}" for number in itertools.count(1))

    def _client(self, name: str) -> httpx.Client:
        return httpx.Client(base_url=self.sandbox.options.url(name), trust_env=False, timeout=60)

    def workspace(self) -> str:
        """The name of a new workspace, forked from the default one."""
        name = next(self._names)
        answer = self.control.post("/workspaces/default/fork", json={"name": name})
        assert answer.status_code == 201, answer.text
        return name

    def token(self, system: str, workspace: str) -> str:
        """A token for a system in a workspace."""
        key = system, workspace
        if key not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": CLIENT.client_id,
                "client_secret": CLIENT.secret,
            }
            answer = self.systems[system].post(f"/ws/{workspace}/oauth/token", data=form)
            assert answer.status_code == 200, answer.text
            self._tokens[key] = answer.json()["access_token"]
        return self._tokens[key]

    def ask(self, system: str, workspace: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A client's request to a system in a workspace; with another token when the clock has made the last one old."""
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self.token(system, workspace)}"}
            answer = self.systems[system].request(method, f"/ws/{workspace}{path}", headers=headers, **options)
            if answer.status_code != 401:
                break
            self._tokens.pop((system, workspace), None)
        return answer

    def enter(self, system: str, workspace: str, code: str) -> None:
        """Enter a store."""
        path, member, more = STORES[system]
        body = {member: code, "name": f"店{code}", **more}
        if system == "scm":
            body["kind"] = "store"
        answer = self.ask(system, workspace, "POST", path, json=body)
        assert answer.status_code == 201, answer.text

    def enter_all(self, workspace: str, code: str) -> None:
        """Enter a store in every system."""
        for system in SIMULATORS:
            self.enter(system, workspace, code)

    def has(self, system: str, workspace: str, code: str) -> bool:
        """Whether a system has a store, as its runtime keeps it."""
        table, member = {"crm": ("store", "code"), "scm": ("warehouse", "code"), "finance": ("store", "code")}[system]
        with self.runtimes[system].workspace(workspace).database.read() as db:
            found = db.execute(f"SELECT count(*) FROM {table} WHERE {member} = ?", (code,)).fetchone()
        return bool(found[0])

    def having(self, workspace: str, code: str) -> set[str]:
        """The systems that have a store."""
        return {system for system in SIMULATORS if self.has(system, workspace, code)}


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The sandbox, its answers checked against the contracts."""
    with ThreadSandbox(plan(size="tiny", port=None, client=CLIENT, strict=True)) as sandbox:
        yield House(sandbox)


@pytest.fixture
def workspace(house: House) -> str:
    """A workspace of the test's own."""
    return house.workspace()
