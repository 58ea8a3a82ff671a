"""What comes over the wire and what goes back, without Flask: a request after routing, a reply before the server has it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shapan.kernel.contract import Operation
from shapan.kernel.errors import Problem
from shapan.kernel.ids import new_uuid
from shapan.kernel.waiting import Passed

TRACEPARENT = re.compile(r"[0-9a-e][0-9a-f]-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Request:
    """A request as it came, after routing. `headers` has lower-case names; `base_url` includes the workspace prefix.

    `client_id` and `scopes` are known once the token was checked. `body` may be cut off: more than the operation's `body_limit` bytes
    of it say only that it is too large. `passed` names what the request has waited for already, `faults` are the ids of the fault rules
    that acted on it, `events` those of the events that it caused. `sealed_as` is the Content-Type of a body that came encrypted and was opened.
    """

    operation: Operation
    workspace: str
    base_url: str
    path: str
    path_parameters: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    language: str
    request_id: str
    client_id: str = ""
    scopes: frozenset[str] = frozenset()
    passed: Passed = field(default_factory=Passed)
    faults: list[str] = field(default_factory=list)
    events: tuple[str, ...] = ()
    sealed_as: str | None = None

    @property
    def traceparent(self) -> str | None:
        """The caller's W3C trace context, or None where it is malformed: it must then be ignored."""
        given = self.headers.get("traceparent", "")
        return given if TRACEPARENT.fullmatch(given) else None


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is a file and not data (上传文件), as it came: its media type, the `charset` that came with it in lower case, its bytes."""

    media: str
    charset: str | None
    content: bytes

    def fingerprint(self) -> dict[str, str | None]:
        """What tells one upload from another, as JSON data."""
        return {"media": self.media, "charset": self.charset, "sha256": hashlib.sha256(self.content).hexdigest()}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready for the wire.

    It is sent after `delay_seconds` of real time, and of it what `sent` says: "half" is all headers and half of the body, "nothing" not a byte;
    the connection is then cut.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delay_seconds: float = 0.0
    sent: Literal["whole", "half", "nothing"] = "whole"


def request_id_of(given: str | None) -> str:
    """The caller's X-Request-Id when it is printable and short, else one of ours."""
    return given if given and len(given) <= 200 and given.isascii() and given.isprintable() else new_uuid()


def problem_reply(problem: Problem, language: str, instance: str, request_id: str) -> Reply:
    """A problem as application/problem+json."""
    body = json.dumps(problem.body(language, instance, request_id), ensure_ascii=False).encode()
    headers = (
        ("Content-Type", "application/problem+json; charset=utf-8"),
        ("Content-Language", "zh-CN" if language == "zh" else "en"),
        ("X-Request-Id", request_id),
        *problem.headers,
    )
    return Reply(problem.status, headers, body)
