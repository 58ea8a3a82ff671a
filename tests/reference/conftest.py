"""What the tests of the reference integration share: scripted systems, a clock that only sleeping moves, a fresh state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shapan.kernel.flask_app import create_app
from shapan.reference.client import SystemClient
from shapan.reference.flows import FLOWS, scopes_of
from shapan.reference.inbox import Inbox
from shapan.reference.state import State

from .house import FakeTime, House, Integration, work_of

Answer = httpx.Response | Exception


class Script:
    """A system that gives scripted answers, one a request; tokens are `token-1`, `token-2` … and not part of the script."""

    def __init__(self, answers: list[Answer], expires_in: int = 3600) -> None:
        self.answers = answers
        self.expires_in = expires_in
        self.requests: list[httpx.Request] = []
        self.token_requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            self.token_requests.append(request)
            token = {
                "access_token": f"token-{len(self.token_requests)}",
                "token_type": "Bearer",
                "expires_in": self.expires_in,
            }
            return httpx.Response(200, json=token)
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def headers(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.requests]


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def scripted(time: FakeTime) -> Iterator[Callable[..., tuple[SystemClient, Script]]]:
    """scripted(answer, …) -> (client, script): a client of a system that gives these answers."""
    clients: list[SystemClient] = []

    def make(*answers: Answer, expires_in: int = 3600, **options: Any) -> tuple[SystemClient, Script]:
        script = Script(list(answers), expires_in)
        client = SystemClient(
            "scm",
            "http://scm.test",
            "an id",
            "s%cret",
            transport=httpx.MockTransport(script),
            clock=time,
            sleep=time.sleep,
            jitter=lambda: 1.0,
            **options,
        )
        clients.append(client)
        return client, script

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def inbox(state: State) -> Inbox:
    return Inbox(state, work_of)


@pytest.fixture
def house(crm: Any, scm: Any, finance: Any) -> House:
    return House(crm, scm, finance)


@pytest.fixture
def start(house: House, transport: str, tmp_path: Path) -> Iterator[Callable[..., Integration]]:
    """start(folder="state") -> Integration on that folder; the same folder again is a restart."""
    clients = {}
    for name, api in (("crm", house.crm), ("scm", house.scm), ("finance", house.finance)):
        wsgi = httpx.WSGITransport(create_app(api.runtime)) if transport == "in-process" else None
        clients[name] = SystemClient(
            name, str(api.http.base_url), "tests", "tests-secret", scopes=scopes_of(FLOWS, name), transport=wsgi
        )
    made: list[Integration] = []

    def begin(folder: str = "state") -> Integration:
        made.append(Integration(clients, tmp_path / folder))
        return made[-1]

    yield begin
    for integration in made:
        integration.state.close()
    for client in clients.values():
        client.close()


@pytest.fixture
def integration(start: Callable[..., Integration]) -> Integration:
    return start()


def cloud_event(
    event_id: str,
    type_: str = "crm.order.confirmed",
    subject: str = "ORD-202611-00001",
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:shapan:{type_.partition('.')[0]}",
        "type": type_,
        "subject": subject,
        "time": "2026-11-24T09:30:00.000+08:00",
        "datacontenttype": "application/json",
        "sequence": "1",
        "data": data if data is not None else {"number": subject},
    }


def encoded(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()
