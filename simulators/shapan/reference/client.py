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
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import httpx

from shapan.reference import tracing
from shapan.reference.errors import Broken, Refused, Unavailable, describe
from shapan.reference.tokens import TokenKeeper

if TYPE_CHECKING:
    from shapan.reference.sealing import Sealer

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
        tokens: type[TokenKeeper] = TokenKeeper,
        ca_file: Path | None = None,
        sealer: Sealer | None = None,
        patience: Patience = Patience(),
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.system = system
        self._scopes = scopes
        self._sealer = sealer
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
        self._tokens = tokens(self._fetch_token, clock)
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
        return _json(self._request("POST", path, body=body, headers=self.once(key)))

    def once(self, key: str) -> dict[str, str]:
        """The headers by which a POST that is sent again, since its answer was lost, is known to be the same."""
        return {"Idempotency-Key": key}

    def upload(self, path: str, content: bytes, media_type: str, *, key: str, **query: Any) -> Any:
        """Hand over a file; `key` as in `post`."""
        headers = {"Idempotency-Key": key, "Content-Type": media_type}
        return _json(self._request("POST", path, query=_given(query), content=content, headers=headers))

    def pause(self, seconds: float) -> None:
        """Wait before asking again. Stopping when the process is to end."""
        self._sleep(seconds)

    def put(self, path: str, body: Any) -> Any:
        """Replace a resource, which is idempotent by itself."""
        return _json(self._request("PUT", path, body=body))

    def patch(self, path: str, body: Any, *, etag: str) -> Any:
        """Change a resource that still has `etag`; Refused with status 412 when it has not."""
        return _json(self._request("PATCH", path, body=body, headers={"If-Match": etag}))

    # -- lists, in the three ways of paging --------------------------------------------------------------------------------------

    def by_link(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by cursor and `Link: rel="next"` (RFC 8288), the CRM's way."""

        def following(response: httpx.Response, _: Any) -> dict[str, Any] | None:
            link = response.links.get("next")
            # Only the query of the link is taken: the token goes to no other host than the one it was meant for.
            return None if link is None else dict(httpx.URL(link["url"]).params)

        for answer in self.pages(path, query, following):
            yield from answer["items"]

    def by_number(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by page, page_size and total, the SCM's way."""
        page, seen = 1, 0

        def following(_: httpx.Response, answer: Any) -> dict[str, Any] | None:
            nonlocal page, seen
            page, seen = page + 1, seen + len(answer["items"])
            return {**query, "page": page} if answer["items"] and seen < answer["total"] else None

        for answer in self.pages(path, {**query, "page": page}, following):
            yield from answer["items"]

    def numbered(self, path: str, page: int, page_size: int) -> tuple[list[Any], int]:
        """A list of the SCM from a page on, and how many there are by now."""
        found: list[Any] = []
        total = 0

        def following(_: httpx.Response, answer: Any) -> dict[str, Any] | None:
            nonlocal page, total
            page, total = page + 1, answer["total"]
            more = answer["items"] and (page - 1) * page_size < total
            return {"page": page, "page_size": page_size} if more else None

        for answer in self.pages(path, {"page": page, "page_size": page_size}, following):
            found += answer["items"]
        return found, total

    def by_watermark(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by changed-since watermark, the way of finance."""

        def following(_: httpx.Response, answer: Any) -> dict[str, Any] | None:
            return {**wanted, "changed_since": answer["watermark"]} if answer["has_more"] else None

        # A caller may begin at a watermark of its own, which stands first then as on the later pages.
        wanted = {"changed_since": None, **query}
        for answer in self.pages(path, wanted, following):
            yield from answer["items"]

    def changes(self, path: str, watermark: int | None, **query: Any) -> tuple[list[Any], int]:
        """What changed in a list of finance since a watermark (None: all of it), and the watermark to ask with next time."""
        found: list[Any] = []
        mark = watermark or 0

        def following(_: httpx.Response, answer: Any) -> dict[str, Any] | None:
            nonlocal mark
            mark = answer["watermark"]
            return {**query, "changed_since": mark} if answer["has_more"] else None

        for answer in self.pages(path, {**query, "changed_since": watermark}, following):
            found += answer["items"]
        return found, mark

    def by_cursor(self, path: str, **query: Any) -> Iterator[Any]:
        """Items of a list that is paged by `after`, `next` and has_more, as imports are in every system."""

        def following(_: httpx.Response, answer: Any) -> dict[str, Any] | None:
            return {**query, "after": answer["next"]} if answer["has_more"] else None

        for answer in self.pages(path, query, following):
            yield from answer["items"]

    def pages(
        self, path: str, query: Mapping[str, Any], following: Callable[[httpx.Response, Any], dict[str, Any] | None]
    ) -> Iterator[Any]:
        """Every page of a list. `following(response, answer)` is the query of the next one, None behind the last."""
        wanted: dict[str, Any] | None = dict(query)
        while wanted is not None:
            response = self._request("GET", path, query=_given(wanted))
            answer = _json(response)
            # Asked before the page is handed on: whoever stops reading has the mark of what he read.
            wanted = following(response, answer)
            yield answer

    # -- requests ----------------------------------------------------------------------------------------------------------------

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        fixed = {**tracing.headers(), **(headers or {})}
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            fixed["Content-Type"] = "application/json"
        if self._sealer is not None:
            fixed |= self._sealer.headers(content)
            content = None if content is None else self._sealer.close(content)
        token = self._tokens.current()
        response = self._pursue(method, path, query, content, {**fixed, "Authorization": f"Bearer {token}"})
        if response.status_code == 401:
            # Expired earlier than announced, or the system has new keys: one more try with a new token, then it is a refusal.
            token = self._tokens.instead_of(token)
            response = self._pursue(method, path, query, content, {**fixed, "Authorization": f"Bearer {token}"})
        if self._sealer is not None:
            response = self._sealer.open(response)
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
                    self.rest(asked)
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
        if status >= 500:
            raise Broken(message)
        if name == IN_PROGRESS:
            raise Unavailable(message)
        raise Refused(message, status, name)

    def _backoff(self, attempt: int) -> float:
        """Doubling, with jitter over the upper half: many clients that failed together must not come back together."""
        full = min(self._patience.first * 2.0 ** (attempt - 1), self._patience.longest)
        return full * (0.5 + 0.5 * self._jitter())

    # -- Retry-After: while a system wants a rest, no thread asks it anything ----------------------------------------------------

    def rest(self, seconds: float) -> None:
        """The system asked not to be asked for so many seconds."""
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
    try:
        return json.loads(response.content, parse_float=Decimal) if response.content else None
    except ValueError as error:
        # It was done, and the answer broke on the way: the same request again, with the same key, gives it whole.
        raise Unavailable(
            f"{response.request.url.path} answered {response.status_code} with a body that is no JSON"
        ) from error


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
