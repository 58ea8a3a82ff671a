"""A receiver of webhooks that remembers what came, and in which order."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterable
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


class Arrivals:
    """Events as they arrived. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: dict[str, int] = {}
        self._sequences: dict[tuple[str, str], list[int]] = {}
        self.total = 0

    def note(self, event: dict[str, Any]) -> None:
        """One arrived, maybe again."""
        with self._lock:
            self.total += 1
            if event["id"] not in self._first:
                self._first[event["id"]] = self.total
                document = event["source"], event["subject"]
                self._sequences.setdefault(document, []).append(int(event["sequence"]))

    def missing(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of `events` that never came."""
        with self._lock:
            return [event for event in events if event["id"] not in self._first]

    def out_of_order(self) -> list[tuple[tuple[str, str], list[int]]]:
        """Documents of which a later event was seen for the first time before an earlier one."""
        with self._lock:
            return [(document, seen) for document, seen in self._sequences.items() if seen != sorted(seen)]

    @property
    def different(self) -> int:
        """How many different events came."""
        with self._lock:
            return len(self._first)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: thousands of lines would hide the soak's own."""


class Receiver:
    """Listens on loopback, and lets the systems send to it. `refused` counts wrong signatures."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.refused = 0
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._server = make_server("127.0.0.1", 0, self._take, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def subscribe(self, base_url: str, credentials: tuple[str, str]) -> str:
        """Subscribe to all events of a system; the webhook's id."""
        client_id, secret = credentials
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        with httpx.Client(base_url=base_url, trust_env=False, timeout=10) as http:
            token = http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
            hook = {"url": f"http://127.0.0.1:{self._server.port}/", "secret": self._secret}
            made = http.post("/webhooks", json=hook, headers={"Authorization": f"Bearer {token}"})
            return str(made.raise_for_status().json()["id"])

    @Request.application
    def _take(self, request: Request) -> Response:
        body = request.get_data()
        try:
            event = Webhook(self._secret).verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return Response(status=401)
        self.arrivals.note(event)
        return Response(status=204)
