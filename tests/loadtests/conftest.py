"""A CRM and a control that are as small as a load test can do with, and that go wrong in the way a test asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CREATED = "2026-01-01T09:00:00.000+08:00"


class FakeSandbox(ThreadingHTTPServer):
    """CRM and control on one port.

    `fault` is what the third order meets: None, "lost" (acknowledged, not stored), "doubled" (stored twice under two numbers), "same-number"
    (stored twice under one), "refused" (422), "dropped" (the connection ends without an answer), "altered" (stored with another amount).
    `differences` are those that the oracle reports, `blind` makes it see no order at all.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fault: str | None, differences: list[dict[str, Any]], *, blind: bool, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.fault, self.differences, self.blind, self.secret = fault, differences, blind, secret
        self.lock = threading.Lock()
        self.orders: list[dict[str, Any]] = []
        self.journal: list[str] = []
        self.keys: list[str] = []

    def take(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]] | None:
        """Stores an order as the fault wishes; the answer, or None for none at all."""
        with self.lock:
            self.keys.append(key)
            turn = len(self.keys)
            number = f"ORD-202601-{turn:05d}"
            order = {
                "id": f"id-{turn}",
                "number": number,
                "state": "confirmed" if body["submit"] else "draft",
                "customerId": body["customerId"],
                "note": body["note"],
                "grossAmount": 113.0,
                "createdAt": CREATED,
            }
            fault = self.fault if turn == 3 else None
            if fault == "refused":
                return 422, {"detail": "no such product"}
            if fault not in ("lost", "dropped"):
                self.orders.append({**order, "grossAmount": 1.13} if fault == "altered" else order)
            if fault == "doubled":
                self.orders.append({**order, "id": "another", "number": "ORD-202601-90000"})
            if fault == "same-number":
                self.orders.append({**order, "id": "another"})
            return None if fault == "dropped" else (201, order)


class Handler(BaseHTTPRequestHandler):
    """Routes the few paths that the load tests use."""

    protocol_version = "HTTP/1.1"
    server: FakeSandbox

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.journal.append(f"GET {parts.path}")
        if parts.path == "/customers":
            self.answer(200, {"items": [{"id": f"customer-{n}"} for n in range(5)], "nextCursor": None})
        elif parts.path == "/products":
            self.answer(200, {"items": [{"code": f"CAB-{n}"} for n in range(5)], "nextCursor": None})
        elif parts.path == "/orders":
            self.answer(200, self.page(query))
        elif parts.path == "/reconciliation":
            compared = 0 if self.server.blind else len(self.server.orders)
            checks = [{"code": "O1", "name": "orders", "compared": compared}]
            found = self.server.differences
            self.answer(200, {"ok": not found, "checks": checks, "differences": found})
        else:
            self.answer(404, {"detail": parts.path})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.journal.append(f"POST {self.path}")
        if self.path == "/oauth/token":
            import base64

            expected = "Basic " + base64.b64encode(f"rush:{self.server.secret}".encode()).decode()
            if self.headers["Authorization"] == expected and "orders%3Awrite" in body:
                self.answer(200, {"access_token": "good", "token_type": "Bearer", "expires_in": 600})
            else:
                self.answer(401, {"error": "invalid_client", "error_description": "unknown client"})
        elif self.headers["Authorization"] != "Bearer good":
            self.answer(401, {"detail": "no token"})
        else:
            taken = self.server.take(json.loads(body), self.headers["Idempotency-Key"])
            if taken is None:
                self.close_connection = True
            else:
                self.answer(*taken)

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """Orders by number, or all of them, three a page."""
        if "number" in query:
            return {"items": [o for o in self.server.orders if o["number"] == query["number"]], "nextCursor": None}
        assert query["updatedSince"] < CREATED
        start = int(query.get("cursor", "0"))
        more = start + 3 < len(self.server.orders)
        return {"items": self.server.orders[start : start + 3], "nextCursor": str(start + 3) if more else None}

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: pytest shows the journal where it is wanted."""


@pytest.fixture
def fake_sandbox() -> Iterator[Callable[..., FakeSandbox]]:
    """fake_sandbox(fault=None, differences=(), blind=False) -> a running FakeSandbox; its client is rush / rush-secret."""
    servers: list[FakeSandbox] = []

    def start(
        fault: str | None = None, differences: tuple[dict[str, Any], ...] = (), *, blind: bool = False
    ) -> FakeSandbox:
        server = FakeSandbox(fault, list(differences), blind=blind, secret="rush-secret")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
