"""Calls operations as their contracts have them: URLs from path templates, tokens from the token endpoint, everything recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import httpx

from shapan.kernel.trust import trusted
from shapan.scenario.contracts import Contract, Operation
from shapan.scenario.environment import Environment
from shapan.scenario.expressions import MISSING, Message, as_text
from shapan.scenario.faults import Text
from shapan.scenario.results import Exchange, Redactor, system_name


class CallFailed(Exception):
    """No usable answer came; `text` says from where and why in one sentence, `found` in a few words."""

    def __init__(self, text: Text, found: str) -> None:
        super().__init__(text.en)
        self.text = text
        self.found = found


@dataclass(frozen=True, slots=True)
class Request:
    """The values for one call, by parameter name; `body` is MISSING when there is none."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: Any = MISSING
    media_type: str | None = None


class SystemClient:
    """One system of a scenario. Holds an access token with exactly the `scopes` that the scenario needs, renewed once on a 401."""

    def __init__(
        self, source: str, contract: Contract, scopes: frozenset[str], environment: Environment, record: Recorder
    ) -> None:
        self._source = source
        self._contract = contract
        self._scopes = scopes
        self._environment = environment
        self._record = record
        self._token: str | None = None
        # A base URL stays whole under urljoin only with a slash at its end.
        self._base = environment.base_urls.get(source, "").rstrip("/") + "/"
        transport = environment.transport(source) if environment.transport else None
        # Loading the certificate authorities takes a while, and plain HTTP needs none.
        verify = trusted() if self._base.startswith("https:") else False
        self._http = httpx.Client(transport=transport, verify=verify, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def call(self, step: str, operation: Operation, request: Request, timeout: float) -> Message:
        """The exchange, for expressions to read. Raises CallFailed."""
        if self._base == "/":
            name = system_name(self._source)
            raise CallFailed(
                Text(f"No base URL is known for {name.en}; give one for {self._source!r}.",
                     f"未提供{name.zh}的地址；请为 {self._source!r} 指定基础 URL。"), "no base URL"
            )  # fmt: skip
        message = self._message(operation, request)
        content, media_type = _content(request)
        headers = dict(request.headers)
        if media_type is not None and not _has_header(headers, "Content-Type"):
            headers["Content-Type"] = media_type
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
        takes_token = operation.scopes is not None and not _has_header(headers, "Authorization")
        fixed = self._environment.bearer_tokens.get(self._source)
        if fixed and operation.scopes is None and not _has_header(headers, "Authorization"):
            headers["Authorization"] = f"Bearer {fixed}"
        response = self._send(
            step, operation, message, self._with_token(step, headers, takes_token, timeout), content, timeout
        )
        if response.status_code == 401 and takes_token:
            self._token = None
            response = self._send(
                step, operation, message, self._with_token(step, headers, True, timeout), content, timeout
            )
        message.request_headers = dict(response.request.headers)
        message.status = response.status_code
        message.response_headers = dict(response.headers)
        message.response_body = _body_of(response)
        return message

    def _message(self, operation: Operation, request: Request) -> Message:
        path = operation.path
        for name, value in request.path.items():
            path = path.replace("{" + name + "}", _segment(as_text(value)))
        pairs = [(name, as_text(one)) for name, value in request.query.items() for one in _each(value)]
        url = self._base + path.lstrip("/") + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")
        return Message(url, operation.method, request.path, request.query, dict(request.headers), request.body)

    def _send(
        self,
        step: str,
        operation: Operation,
        message: Message,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: float,
    ) -> httpx.Response:
        return self._exchange(step, operation.id, message.method, message.url, headers, content, timeout)

    def _exchange(
        self,
        step: str,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: float,
    ) -> httpx.Response:
        started = self._environment.clock()
        try:
            response = self._http.request(method, url, headers=headers, content=content, timeout=timeout)
            response.read()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            why = str(error) or type(error).__name__
            self._record.add(step, self._source, operation, method, url, headers, content, None, why, started)
            name = system_name(self._source)
            raise CallFailed(
                Text(f"{name.en} at {self._base} gave no answer to {operation} ({why}); check that it runs there.",
                     f"位于 {self._base} 的{name.zh}没有应答 {operation}（{why}）；请确认该系统正在运行。"), why
            ) from error  # fmt: skip
        self._record.add(
            step, self._source, operation, method, url, response.request.headers, content, response, None, started
        )
        return response

    def _with_token(self, step: str, headers: Mapping[str, str], wanted: bool, timeout: float) -> dict[str, str]:
        if not wanted:
            return dict(headers)
        if self._token is None:
            self._token = self._fetch_token(step, timeout)
        return {**headers, "Authorization": f"Bearer {self._token}"}

    def _fetch_token(self, step: str, timeout: float) -> str:
        """A token by client credentials (RFC 6749 section 4.4), the client authenticated by HTTP Basic (section 2.3.1)."""
        url = urljoin(self._base, self._contract.token_url or "oauth/token")
        form = {
            "grant_type": "client_credentials",
            **({"scope": " ".join(sorted(self._scopes))} if self._scopes else {}),
        }
        credentials = httpx.BasicAuth(
            quote(self._environment.client_id, safe=""), quote(self._environment.client_secret, safe="")
        )
        basic = next(credentials.auth_flow(httpx.Request("POST", url))).headers["Authorization"]
        headers = {
            "Authorization": basic,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        response = self._exchange(step, "token", "POST", url, headers, urlencode(form).encode(), timeout)
        answer = _body_of(response)
        token = answer.get("access_token") if isinstance(answer, Mapping) else None
        if response.status_code != 200 or not isinstance(token, str):
            error = answer if isinstance(answer, Mapping) else {}
            why = str(
                error.get("error_description") or error.get("error") or error.get("detail") or "no access_token in it"
            )
            name = system_name(self._source)
            raise CallFailed(
                Text(f"{name.en} refused an access token with status {response.status_code} ({why}); check client id and secret.",
                     f"{name.zh}拒绝签发访问令牌，状态码 {response.status_code}（{why}）；请检查 client id 与 secret。"),
                f"{response.status_code} from the token endpoint",
            )  # fmt: skip
        self._record.redactor.learn(token)
        return token


class Recorder:
    """Keeps every exchange of a scenario, abridged and redacted."""

    def __init__(self, environment: Environment) -> None:
        self._clock = environment.clock
        self._began = environment.clock()
        self.redactor = Redactor(environment.client_secret)
        self.exchanges: list[Exchange] = []

    def add(
        self,
        step: str,
        system: str,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        response: httpx.Response | None,
        error: str | None,
        started: float,
    ) -> None:
        """Note an exchange that began at `started` on the run's clock and has just ended."""
        hide = self.redactor
        self.exchanges.append(
            Exchange(
                step=step,
                system=system,
                operation=operation,
                method=method,
                url=hide.text(url),
                request_headers=hide.headers(dict(headers)),
                request_body=hide.body((content or b"").decode("utf-8", "replace")),
                status=None if response is None else response.status_code,
                response_headers={} if response is None else hide.headers(dict(response.headers)),
                response_body="" if response is None else hide.body(response.text),
                error=None if error is None else hide.text(error),
                at=round(started - self._began, 3),
                seconds=round(self._clock() - started, 3),
            )
        )


def scopes_needed(source: str, operations: Iterable[tuple[str | None, Operation | None]]) -> frozenset[str]:
    """All scopes that a scenario's operations on one system need."""
    needed = [operation.scopes for name, operation in operations if name == source and operation and operation.scopes]
    return frozenset[str]().union(*needed)


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _content(request: Request) -> tuple[bytes | None, str | None]:
    if request.body is MISSING:
        return None, None
    media_type = request.media_type or "application/json"
    if isinstance(request.body, str) and (not _is_json(media_type) or _is_json_text(request.body)):
        return request.body.encode(), media_type
    if media_type.startswith("application/x-www-form-urlencoded") and isinstance(request.body, Mapping):
        return urlencode({name: as_text(value) for name, value in request.body.items()}).encode(), media_type
    return json.dumps(request.body, ensure_ascii=False).encode(), media_type


def _is_json(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def _is_json_text(text: str) -> bool:
    """Whether a payload text is a JSON template, as the specification's examples have it, rather than a JSON string."""
    return text.lstrip()[:1] in ("{", "[")


def _has_header(headers: Mapping[str, str], name: str) -> bool:
    return any(known.lower() == name.lower() for known in headers)


def _body_of(response: httpx.Response) -> Any:
    """JSON data where the answer says that it is JSON, else its text; MISSING when it is empty."""
    if not response.content:
        return MISSING
    if _is_json(response.headers.get("Content-Type", "")):
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            return response.text
    return response.text


def _segment(text: str) -> str:
    """A path segment: every reserved character encoded, and the dots of "." and "..", which would else climb in the path."""
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")
