"""Calls operations as their contracts have them: URLs from path templates, tokens from the token endpoint, everything recorded."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import httpx

from shapan.kernel.trust import trusted
from shapan.scenario.contracts import Contract, Operation, ParameterRule
from shapan.scenario.environment import Environment
from shapan.scenario.expressions import MISSING, Message, as_text
from shapan.scenario.faults import Text
from shapan.scenario.results import Exchange, Redactor, system_name
from shapan.scenario.serialize import path_part, query_pairs


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


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end, with the headers of its request as they were sent."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str
    sent: Mapping[str, str]

    @property
    def text(self) -> str:
        """The body as a text."""
        return self.content.decode(self.encoding, "replace")

    @property
    def body(self) -> Any:
        """JSON data where the answer says that it is JSON, else its text; MISSING when it is empty."""
        if not self.content:
            return MISSING
        if _is_json(self.headers.get("content-type", "")):
            try:
                return json.loads(self.content)
            except (ValueError, RecursionError):
                return self.text
        return self.text


class SystemClient:
    """One system of a scenario, for several threads. Holds an access token with exactly the `scopes` that the scenario needs, renewed on a 401.

    `acts_as` is another client of the sandbox than that of the people: its tokens have all that it may do.
    """

    def __init__(
        self,
        source: str,
        contract: Contract,
        scopes: frozenset[str],
        environment: Environment,
        record: Recorder,
        acts_as: str | None = None,
    ) -> None:
        self._acts_as = acts_as
        self._source = source
        self._contract = contract
        self._scopes = scopes
        self._environment = environment
        self._record = record
        self._token: str | None = None
        self._asking = threading.Lock()
        # A base URL stays whole under urljoin only with a slash at its end.
        self._base = (environment.base_urls.get(source) or contract.server or "").rstrip("/") + "/"
        transport = environment.transport(source) if environment.transport else None
        # Loading the certificate authorities takes a while, and plain HTTP needs none.
        verify = trusted() if self._base.startswith("https:") else False
        self._http = httpx.Client(
            transport=transport,
            verify=verify,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50),
            # A step sends the cookies that the script gives it and no others.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def call(self, step: str, operation: Operation, request: Request, until: float) -> Message:
        """The exchange, for expressions to read; it ends at `until` on the run's clock at the latest. Raises CallFailed."""
        if self._base == "/":
            name = system_name(self._source)
            raise CallFailed(
                Text(f"No base URL is known for {name.en}; give one for {self._source!r}.",
                     f"未提供{name.zh}的地址；请为 {self._source!r} 指定基础 URL。"), "no base URL"
            )  # fmt: skip
        message = self._message(operation, request)
        content, media_type = content_of(request)
        headers = dict(request.headers)
        if media_type is not None and not _has_header(headers, "Content-Type"):
            headers["Content-Type"] = media_type
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
        takes_token = operation.scopes is not None and not _has_header(headers, "Authorization")
        fixed = self._environment.bearer_tokens.get(self._source)
        if fixed and operation.scopes is None and not _has_header(headers, "Authorization"):
            headers["Authorization"] = f"Bearer {fixed}"
        token = self._current_token(step, None, until) if takes_token else None
        answer = self._send(step, operation, message, headers, token, content, until)
        if answer.status == 401 and token is not None:
            token = self._current_token(step, token, until)
            answer = self._send(step, operation, message, headers, token, content, until)
        # What the script did not give, such as the token, is no part of $request.
        given = {"content-type", *(name.lower() for name in request.headers)}
        message.request_headers = {name: value for name, value in answer.sent.items() if name.lower() in given}
        message.status = answer.status
        message.response_headers = answer.headers
        message.response_body = answer.body
        return message

    def _message(self, operation: Operation, request: Request) -> Message:
        path = operation.path
        for name, value in request.path.items():
            rule = operation.rule(name, "path") or ParameterRule(name, "path", True, "simple", False)
            path = path.replace("{" + name + "}", path_part(rule, value))
        pairs = [
            pair
            for name, value in request.query.items()
            for pair in query_pairs(operation.rule(name, "query") or ParameterRule(name, "query", False), value)
        ]
        url = self._base + path.lstrip("/") + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")
        return Message(url, operation.method, request.path, request.query, dict(request.headers), request.body)

    def _send(
        self,
        step: str,
        operation: Operation,
        message: Message,
        headers: Mapping[str, str],
        token: str | None,
        content: bytes | None,
        until: float,
    ) -> Answer:
        whole = headers if token is None else {**headers, "Authorization": f"Bearer {token}"}
        return self._exchange(step, operation.id, message.method, message.url, whole, content, until)

    def _exchange(
        self,
        step: str,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        until: float,
    ) -> Answer:
        started = self._environment.clock()
        # Its limits are for one wait each; what comes drop by drop has the same time in all.
        seconds = min(self._environment.timeout_seconds, max(until - started, 0.1))
        try:
            answer = self._read(method, url, headers, content, seconds, started)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            why = str(error) or type(error).__name__
            self._record.add(step, self._source, operation, method, url, headers, content, None, why, started)
            name = system_name(self._source)
            raise CallFailed(
                Text(f"{name.en} at {self._base} gave no answer to {operation} ({why}); check that it runs there.",
                     f"位于 {self._base} 的{name.zh}没有应答 {operation}（{why}）；请确认该系统正在运行。"), why
            ) from error  # fmt: skip
        self._record.add(step, self._source, operation, method, url, answer.sent, content, answer, None, started)
        return answer

    def _read(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, seconds: float, started: float
    ) -> Answer:
        with self._http.stream(method, url, headers=headers, content=content, timeout=seconds) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if self._environment.clock() - started > seconds:
                    raise httpx.ReadTimeout(f"the answer was not complete after {seconds:g} s")
            return Answer(
                response.status_code,
                dict(response.headers),
                bytes(body),
                response.encoding or "utf-8",
                dict(response.request.headers),
            )

    def _current_token(self, step: str, refused: str | None, until: float) -> str:
        """The token; a new one when there is none or the system has just `refused` it."""
        with self._asking:
            if self._token is None or self._token == refused:
                self._token = self._fetch_token(step, until)
            return self._token

    def _client(self) -> tuple[str, str]:
        """Id and secret. CallFailed where the secret is not known."""
        environment = self._environment
        if self._acts_as is None:
            return environment.client_id, environment.client_secret
        if environment.secret_of is None:
            name = self._acts_as
            raise CallFailed(
                Text(f"This step acts as the client {name}, whose secret is not known here; run it where the sandbox is started, or with the sandbox's own secret.",
                     f"本步骤以客户端 {name} 的身份调用，但此处不知道其 secret；请在启动沙盘的环境中运行，或提供沙盘自身的 secret。"), "no secret"
            )  # fmt: skip
        secret = environment.secret_of(self._acts_as)
        self._record.redactor.learn(secret)
        return self._acts_as, secret

    def _fetch_token(self, step: str, until: float) -> str:
        """A token by client credentials (RFC 6749 section 4.4), the client authenticated by HTTP Basic (section 2.3.1)."""
        url = urljoin(self._base, self._contract.token_url or "oauth/token")
        form = {
            "grant_type": "client_credentials",
            **({"scope": " ".join(sorted(self._scopes))} if self._scopes and self._acts_as is None else {}),
        }
        client_id, secret = self._client()
        credentials = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
        basic = next(credentials.auth_flow(httpx.Request("POST", url))).headers["Authorization"]
        headers = {
            "Authorization": basic,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        response = self._exchange(step, "token", "POST", url, headers, urlencode(form).encode(), until)
        answer = response.body
        token = answer.get("access_token") if isinstance(answer, Mapping) else None
        if response.status != 200 or not isinstance(token, str):
            error = answer if isinstance(answer, Mapping) else {}
            why = str(
                error.get("error_description") or error.get("error") or error.get("detail") or "no access_token in it"
            )
            name = system_name(self._source)
            raise CallFailed(
                Text(f"{name.en} refused an access token with status {response.status} ({why}); check client id and secret.",
                     f"{name.zh}拒绝签发访问令牌，状态码 {response.status}（{why}）；请检查 client id 与 secret。"),
                f"{response.status} from the token endpoint",
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
        answer: Answer | None,
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
                status=None if answer is None else answer.status,
                response_headers={} if answer is None else hide.headers(answer.headers),
                response_body="" if answer is None else hide.body(answer.text),
                error=None if error is None else hide.text(error),
                at=round(started - self._began, 3),
                seconds=round(self._clock() - started, 3),
            )
        )


def scopes_needed(operations: Iterable[Operation | None]) -> frozenset[str]:
    """All scopes that a scenario's operations on one system need."""
    return frozenset[str]().union(*(operation.scopes for operation in operations if operation and operation.scopes))


def content_of(request: Request) -> tuple[bytes | None, str | None]:
    """The body as it is sent, and its media type."""
    if request.body is MISSING:
        return None, None
    media_type = request.media_type or "application/json"
    if isinstance(request.body, str) and (not _is_json(media_type) or _is_json_text(request.body)):
        return _encoded(request.body, media_type), media_type
    if media_type.startswith("application/x-www-form-urlencoded") and isinstance(request.body, Mapping):
        return urlencode({name: as_text(value) for name, value in request.body.items()}).encode(), media_type
    if media_type.startswith("multipart/form-data") and isinstance(request.body, Mapping):
        return _multipart(request.body)
    return json.dumps(request.body, ensure_ascii=False).encode(), media_type


def _multipart(body: Mapping[str, Any]) -> tuple[bytes, str]:
    """One part per member, objects as JSON (OpenAPI 3.1, "Special Considerations for multipart Content")."""
    parts = [
        (str(name), (None, as_text(one).encode(), "text/plain" if isinstance(one, str) else "application/json"))
        for name, value in body.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    request = httpx.Request("POST", "http://localhost", files=parts)
    return request.read(), request.headers["Content-Type"]


def _encoded(text: str, media_type: str) -> bytes:
    """A text in the charset that its media type names, UTF-8 when it names none or none that there is. What the charset has no code for is sent as "?"."""
    message = EmailMessage()
    message["Content-Type"] = media_type
    charset = message.get_content_charset("utf-8")
    try:
        return text.encode(charset, errors="replace")
    except LookupError:
        return text.encode()


def _is_json(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def _is_json_text(text: str) -> bool:
    """Whether a payload text is a JSON template, as the specification's examples have it, rather than a JSON string."""
    return text.lstrip()[:1] in ("{", "[")


def _has_header(headers: Mapping[str, str], name: str) -> bool:
    return any(known.lower() == name.lower() for known in headers)
