"""Tokens for httpx: asked for when the first request goes out, and again when one has expired."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from shapan.kernel.auth import Client


class TokenAuth(httpx.Auth):
    """The client-credentials token (访问令牌) of one system and workspace, for httpx.Client and httpx.AsyncClient alike.

    A request that brings an Authorization of its own is left alone, its 401 too. Otherwise a 401 (the clock has moved past the
    token's expiry) is answered by a new token, once. httpx.HTTPStatusError when no token is given out.
    """

    requires_response_body = True

    def __init__(self, base_url: str, client: Client, scope: str | None = None) -> None:
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.secret,
            **({"scope": scope} if scope is not None else {}),
        }
        self._url = base_url.rstrip("/") + "/oauth/token"
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx wants it."""
        if "Authorization" in request.headers:
            yield request
            return
        if self._token is None:
            yield from self._fetch()
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._fetch()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _fetch(self) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield httpx.Request("POST", self._url, data=self._form)
        self._token = str(answer.raise_for_status().json()["access_token"])
