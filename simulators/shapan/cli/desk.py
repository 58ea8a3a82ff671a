"""A person at a system's screen (CRM, SCM, finance), over HTTP, with a token."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from shapan.kernel.auth import Client
from shapan.kernel.trust import trusted

T = TypeVar("T")


class TourError(Exception):
    """A step of the tour could not be done; says in both languages which call and what became of it."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class Desk:
    """One system as a person uses it. Every refusal becomes a TourError with the problem's own words."""

    def __init__(self, name: str, base_url: str, client: Client, transport: httpx.BaseTransport | None = None) -> None:
        self.name = name
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=30, transport=transport, verify=trusted())
        form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.secret}
        token = self._send("POST", "/oauth/token", data=form)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON at a path."""
        return self._send("GET", path, params=parameters)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """The JSON answer to a POST; `key` is its Idempotency-Key."""
        options = {"json": body} if body is not None else {}
        return self._send("POST", path, headers={"Idempotency-Key": key} if key else {}, **options)

    def _send(self, method: str, path: str, **options: Any) -> Any:
        what = f"{method} {path}"
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise TourError(
                f"{self.name} does not answer {what} ({type(error).__name__}).",
                f"{self.name} 未响应 {what}（{type(error).__name__}）。",
            ) from error
        if not answer.is_success:
            # The problem speaks English, as we asked for no other language.
            raise TourError(
                f"{self.name} answers {what} with {answer.status_code}: {answer.text}",
                f"{self.name} 以 {answer.status_code} 拒绝了 {what}。",
            )
        try:
            return answer.json()
        except ValueError as error:
            raise TourError(
                f"{self.name} answers {what} with no JSON.", f"{self.name} 对 {what} 的响应不是 JSON。"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def wait_for(look: Callable[[], T | None], seconds: float) -> T | None:
    """What `look` finds, as soon as it finds something; None when it finds nothing in that time."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > deadline:
            return found or None
        pause.wait(0.05)
