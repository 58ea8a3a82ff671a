"""The HTTP client of one system: token, time limits, retries and paging. It knows no business.

Retried are connection errors, 429, 502, 503 and 504, a few times, with back-off and jitter, and never before Retry-After is over.
No other answer is: a 4xx says that the request is wrong, and repeating it would not mend it. A retried POST carries the same
Idempotency-Key, so an answer that was lost on the way does not make a second document.
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx

from shapan.reference import tracing
from shapan.reference.errors import Refused, Unavailable, describe
from shapan.reference.tokens import TokenKeeper

RETRIED = frozenset({429, 502, 503, 504})
# A 409 of this name passes as soon as the first request with the same Idempotency-Key is done, so it is no refusal.
IN_PROGRESS = "request-in-progress"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request is pursued; what is beyond that is the worker's business.

    attempts       requests at most
    first, longest seconds of back-off after the first failure and at most
    in_place       a Retry-After up to so many seconds is waited for; a longer one is handed to the caller
    """

    attempts: int = 4
    first: float = 0.1
    longest: float = 1.0
    in_place: float = 1.0


class SystemClient:
    """Speaks to one system. Thread-safe. Clock, sleep and jitter can be given, so that tests need not wait."""

    def __init__(
        self,
        system: str,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        scopes: tuple[str, ...] = (),
        ca_file: Path | None = None,
        patience: Patience = Patience(),
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.system = system
        self._scopes = scopes
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._basic = httpx.BasicAuth(_form_encoded(client_id), _form_encoded(client_secret))
        # trust_env=False: proxies from the environment are for the outside world, not for systems in the house.
        self._http = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(10.0, connect=3.0),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=30.0),
            trust_env=False,
            transport=transport,
            verify=True if ca_file is None else ssl.create_default_context(cafile=str(ca_file)),
        )
        self._tokens = TokenKeeper(self._fetch_token, clock)
        self._closed_until = 0.0
        self._gate = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -- documents ---------------------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """The JSON body of a GET; None values of `query` are left out."""
        return self.read(path, **query)[0]

    def read(self, path: str, **query: Any) -> tuple[Any, str]:
        """The JSON body of a GET and its ETag ("" when it has none)."""
        response = self._request("GET", path, query=_given(query))
        return _json(response), response.headers.get("ETag", "")

    def post(self, path: str, body: Any = None, *, key: str) -> Any:
        """Create a document, or act on one. `key` is the Idempotency-Key, derived from the document that is the cause."""
        return _json(self._request("POST", path, body=body, headers={"Idempotency-Key": key}))

    def put(self, path: str, body: Any) -> Any:
        """Replace a resource, which is idempotent by itself."""
        return _json(self._request("PUT", path, body=body))

    def patch(self, path: str, body: Any, *, etag: str) -> Any:
        """Change a resource that still has `etag`; Refused with status 412 when it has not."""
        return _json(self._request("PATCH", path, body=body, headers={"If-Match": etag}))

    # -- lists, in the three ways of paging --------------------------------------------------------------------------------------

    def by_link(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by cursor and `Link: rel="next"` (RFC 8288), the CRM's way."""
        wanted = _given(query)
        while True:
            response = self._request("GET", path, query=wanted)
            yield from _json(response)["items"]
            following = response.links.get("next")
            if following is None:
                return
            # Only the query of the link is taken: the token goes to no other host than the one it was meant for.
            wanted = dict(httpx.URL(following["url"]).params)

    def by_number(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by page, page_size and total, the SCM's way."""
        page, seen = 1, 0
        while True:
            answer = self.get(path, page=page, **query)
            yield from answer["items"]
            seen += len(answer["items"])
            if not answer["items"] or seen >= answer["total"]:
                return
            page += 1

    def by_watermark(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by changed-since watermark, the way of finance."""
        watermark: Any = query.pop("changed_since", None)
        while True:
            answer = self.get(path, changed_since=watermark, **query)
            yield from answer["items"]
            if not answer["has_more"]:
                return
            watermark = answer["watermark"]

    # -- requests ----------------------------------------------------------------------------------------------------------------

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        fixed = {**tracing.headers(), **(headers or {})}
        if content is not None:
            fixed["Content-Type"] = "application/json"
        token = self._tokens.current()
        response = self._pursue(method, path, query, content, {**fixed, "Authorization": f"Bearer {token}"})
        if response.status_code == 401:
            # Expired earlier than announced, or the system has new keys: one more try with a new token, then it is a refusal.
            token = self._tokens.instead_of(token)
            response = self._pursue(method, path, query, content, {**fixed, "Authorization": f"Bearer {token}"})
        return self._accept(response, method, path)

    def _pursue(
        self, method: str, path: str, query: Mapping[str, Any] | None, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """The first answer that is not to be retried. Unavailable when patience is at its end."""
        what = f"{self.system} {method} {path}"
        for attempt in range(1, self._patience.attempts + 1):
            self._wait_for_gate(what)
            basic = self._basic if "Authorization" not in headers else None
            try:
                response = self._http.request(method, path, params=query, content=content, headers=headers, auth=basic)
            except httpx.TimeoutException as error:
                # A time limit has used up all patience there was for this round.
                raise Unavailable(f"{what} did not answer in time ({type(error).__name__})") from error
            except httpx.TransportError as error:
                failure, wait = f"{what} could not be reached ({error or type(error).__name__})", self._backoff(attempt)
            else:
                if response.status_code not in RETRIED:
                    return response
                failure, wait = f"{what} answered {response.status_code}", self._backoff(attempt)
                asked = _retry_after(response)
                if asked is not None:
                    self._close_gate(asked)
                    wait = 0.0
            if attempt < self._patience.attempts:
                self._sleep(wait)
        raise Unavailable(f"{failure}, after {self._patience.attempts} attempts", self._gate_wait())

    def _accept(self, response: httpx.Response, method: str, path: str) -> httpx.Response:
        if response.is_success:
            return response
        status = response.status_code
        problem = _problem(response)
        message = describe(self.system, method, path, status, problem)
        name = str(problem.get("type", "")).rpartition(":")[2]
        if status >= 500 or name == IN_PROGRESS:
            raise Unavailable(message)
        raise Refused(message, status, name)

    def _backoff(self, attempt: int) -> float:
        """Doubling, with jitter over the upper half: many clients that failed together must not come back together."""
        full = min(self._patience.first * 2.0 ** (attempt - 1), self._patience.longest)
        return full * (0.5 + 0.5 * self._jitter())

    # -- Retry-After: while a system wants a rest, no thread asks it anything ----------------------------------------------------

    def _close_gate(self, seconds: float) -> None:
        with self._gate:
            self._closed_until = max(self._closed_until, self._clock() + seconds)

    def _gate_wait(self) -> float:
        with self._gate:
            return max(0.0, self._closed_until - self._clock())

    def _wait_for_gate(self, what: str) -> None:
        while (wait := self._gate_wait()) > 0:
            if wait > self._patience.in_place:
                raise Unavailable(f"{what}: {self.system} asked to wait {wait:.1f} s (Retry-After)", wait)
            self._sleep(wait)

    # -- token -------------------------------------------------------------------------------------------------------------------

    def _fetch_token(self) -> tuple[str, float]:
        form = "grant_type=client_credentials"
        if self._scopes:
            form += "&scope=" + _form_encoded(" ".join(self._scopes))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        path = "/oauth/token"
        answer = _json(self._accept(self._pursue("POST", path, None, form.encode(), headers), "POST", path))
        return str(answer["access_token"]), float(answer.get("expires_in", 300))


def _form_encoded(text: str) -> str:
    """RFC 6749 section 2.3.1: id and secret are form-encoded before they go into the Basic header."""
    return quote_plus(text)


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _json(response: httpx.Response) -> Any:
    """The body with every fraction as Decimal: amounts must never pass through a float. None for an empty answer."""
    return json.loads(response.content, parse_float=Decimal) if response.content else None


def _problem(response: httpx.Response) -> dict[str, Any]:
    """The problem details of an error, or what can be said without any."""
    try:
        problem = json.loads(response.content)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": response.reason_phrase}


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After (RFC 9110 section 10.2.3: a number or a date); None without a usable one."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
