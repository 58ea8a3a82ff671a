"""A CRM behind a real socket, once as threads (werkzeug) and once as processes (granian), with a fresh workspace for each test."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from shapan.kernel.auth import Client
from shapan.sandbox.options import SandboxOptions, plan
from shapan.sandbox.processes import ProcessSandbox
from shapan.sandbox.threads import ThreadSandbox

CLIENT = Client("faults", "faults-secret")


@pytest.fixture(scope="session")
def threads() -> Iterator[SandboxOptions]:
    """All systems as threads."""
    with ThreadSandbox(plan(size="tiny", port=None, client=CLIENT, strict=True)) as sandbox:
        yield sandbox.options


@pytest.fixture(scope="session")
def processes() -> Iterator[SandboxOptions]:
    """The CRM as a process."""
    options = plan(size="tiny", port=None, client=CLIENT, strict=True)
    options = replace(options, ports={"crm": options.ports["crm"]})
    with ProcessSandbox(options):
        yield options


class Shop:
    """The CRM in a workspace of its own, and who asks it. `faults` are those of the CRM alone."""

    def __init__(self, options: SandboxOptions, name: str) -> None:
        self.options, self.name = options, name
        self.url = f"{options.url('crm')}/ws/{name}"
        self.control = f"{options.url('control')}/ws/{name}" if "control" in options.ports else ""
        self.systems = [system for system in options.ports if system != "control"]
        self.http = httpx.Client(trust_env=False, timeout=20)
        for system in self.systems:
            made = self.http.put(f"{options.url(system)}/_shapan/workspaces/{name}")
            assert made.status_code == 200, made.text
        self.token = self.fetch_token()
        self.customer = self.get("/customers?limit=1").json()["items"][0]["id"]
        self.product = self.get("/products?limit=1").json()["items"][0]["code"]

    def close(self) -> None:
        for system in self.systems:
            self.http.delete(f"{self.options.url(system)}/_shapan/workspaces/{self.name}")
        self.http.close()

    def fetch_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT.client_id,
            "client_secret": CLIENT.secret,
        }
        answer = self.http.post(f"{self.url}/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def order_body(self) -> dict[str, Any]:
        return {
            "customerId": self.customer,
            "submit": True,
            "lines": [{"productCode": self.product, "quantity": 1}],
        }

    def order(self, key: str | None = None, **options: Any) -> httpx.Response:
        """Place an order; with an Idempotency-Key where one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.request("POST", "/orders", json=self.order_body(), headers=headers, **options)

    def orders(self) -> list[dict[str, Any]]:
        """All orders that there are."""
        return list(self.get("/orders?limit=100").json()["items"])

    def add(self, fault: str, **rule: Any) -> dict[str, Any]:
        """A fault in the CRM. `operations` is short for a match."""
        if "operations" in rule:
            rule.setdefault("match", {})["operations"] = rule.pop("operations")
        answer = self.http.post(f"{self.url}/_shapan/faults", json={"fault": fault, **rule})
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"{self.url}/_shapan/faults/{answer.json()['id']}"
        return dict(answer.json())

    def fault(self, rule_id: str) -> dict[str, Any]:
        """A rule as it stands now."""
        answer = self.http.get(f"{self.url}/_shapan/faults/{rule_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def counts(self, rule_id: str) -> tuple[int, int, bool]:
        """How often a rule matched and acted, and whether it has healed."""
        rule = self.fault(rule_id)
        return rule["seen"], rule["applied"], rule["healed"]

    def remove(self, rule_id: str) -> None:
        assert self.http.delete(f"{self.url}/_shapan/faults/{rule_id}").status_code == 204

    def clock(self, **change: Any) -> None:
        """Change the clock of the CRM alone."""
        answer = self.http.post(f"{self.url}/_shapan/clock", json=change)
        assert answer.status_code == 200, answer.text

    def journal(self, **query: Any) -> list[dict[str, Any]]:
        return list(self.http.get(f"{self.url}/_shapan/journal", params=query).json()["items"])

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> bytes:
        """Every byte that comes back until the connection ends, over a socket of our own."""
        target = urlsplit(self.url)
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {target.path}{path} HTTP/1.1",
            f"Host: {target.netloc}",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "Connection: close",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        assert target.hostname is not None
        with socket.create_connection((target.hostname, target.port or 80), timeout=20) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            got = b""
            try:
                while part := connection.recv(65536):
                    got += part
            except ConnectionResetError:
                pass  # cut rather than closed
            return got


@pytest.fixture(params=["threads", "processes"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A fresh shop, served by each kind of server."""
    made = Shop(request.getfixturevalue(request.param), f"t-{uuid.uuid4().hex[:12]}")
    yield made
    made.close()


@pytest.fixture
def one_shop(threads: SandboxOptions) -> Iterator[Shop]:
    """A fresh shop, for what does not depend on the server."""
    made = Shop(threads, f"t-{uuid.uuid4().hex[:12]}")
    yield made
    made.close()


SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Receiver:
    """A webhook receiver that checks signatures, as one should: what is not signed is refused with 401."""

    secret = SECRET

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.forged = 0
        self._arrived = threading.Condition()
        self._server = make_server("127.0.0.1", 0, Request.application(self._take), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}/hook"

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        with self._arrived:
            try:
                self.got.append(Webhook(SECRET).verify(body, {k.lower(): v for k, v in request.headers}))
                status = 204
            except WebhookVerificationError:
                self.forged += 1
                status = 401
            self._arrived.notify_all()
        return Response(status=status)

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        """The events that came, once there are `number` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= number, 20), f"only {len(self.got)} of {number} came"
            return list(self.got)

    def numbers(self, number: int) -> list[str]:
        """Of which orders the first `number` events were."""
        return [event["data"]["number"] for event in self.wait_for(number)]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def hook(one_shop: Shop, receiver: Receiver) -> str:
    """The id of a webhook by which the shop's confirmed orders come to the receiver."""
    answer = one_shop.request(
        "POST", "/webhooks", json={"url": receiver.url, "secret": SECRET, "types": ["crm.order.confirmed"]}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
