"""What is noted of a request and of a delivery (记录), cheaply, and how it becomes a row of the journal, later and elsewhere.

A note holds references to what is there anyway. Bodies are cut when they are noted, so that a large upload does not stay in memory; secrets
are struck out when the row is made, before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import TYPE_PREFIX
from shapan.kernel.journal import documents, masking

BODY = 16 * 1024
"""Bytes that are kept of a body."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class RequestNote:
    """A request and its answer. `started` is real time in seconds, `at` simulated; bodies are cut to BODY bytes, sizes are whole.

    `media_type` is that of `body`, also where the body came encrypted and `headers` say so.
    """

    at: datetime
    started: float
    seconds: float
    method: str
    path: str
    query_string: str
    path_parameters: Mapping[str, str]
    operation_id: str | None
    client_id: str
    status: int
    sent: str
    request_id: str
    traceparent: str | None
    headers: Mapping[str, str]
    answer_headers: tuple[tuple[str, str], ...]
    body: bytes
    body_size: int
    answer: bytes
    answer_size: int
    faults: tuple[str, ...]
    events: tuple[str, ...] = ()
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """An attempt to deliver an event. `state` is what became of the delivery by it, `reason` the result in words."""

    at: datetime
    started: float
    seconds: float
    receiver: str
    url: str
    event: Mapping[str, Any]
    attempt: int
    status: int | None
    state: str
    reason: str
    faults: tuple[str, ...]


Note = RequestNote | DeliveryNote


@dataclass(slots=True)
class Entry:
    """One row of the journal, its columns in the order of the table. Lists and objects are JSON; `started_us` is real time since 1970."""

    kind: str
    at: str
    started_us: int
    duration_ms: float
    method: str
    path: str
    operation_id: str | None
    client_id: str | None
    status: int
    sent: str
    problem: str | None
    request_id: str | None
    traceparent: str | None
    trace_id: str | None
    idempotency_key: str | None
    replayed: int
    faults: str | None
    subjects: str
    refs: str
    events: str | None
    delivery: str | None
    request_bytes: int
    response_bytes: int


@dataclass(slots=True)
class Content:
    """What is kept apart, because it is long and rarely looked for: headers as JSON, bodies as text."""

    request_headers: str | None
    response_headers: str | None
    request_body: str | None
    response_body: str | None


ENTRY_COLUMNS = tuple(field.name for field in fields(Entry))
CONTENT_COLUMNS = tuple(field.name for field in fields(Content))


def row_of(note: Note) -> tuple[Entry, Content]:
    """The row of a note, secrets struck out."""
    return _request(note) if isinstance(note, RequestNote) else _delivery(note)


def _request(note: RequestNote) -> tuple[Entry, Content]:
    answer_headers = masking.headers(note.answer_headers)
    asked, asked_text = _body(
        note.body, note.body_size, note.media_type or note.headers.get("content-type", ""), note.operation_id
    )
    told, told_text = _body(note.answer, note.answer_size, answer_headers.get("content-type", ""), note.operation_id)
    writes = note.method != "GET"
    subject = documents.subjects(note.path_parameters, told if note.status < 400 else None)
    named = documents.references(_of_query(note.query_string), asked, told if writes and note.status < 400 else None)
    entry = Entry(
        "request",
        rfc3339(note.at),
        int(note.started * 1_000_000),
        round(note.seconds * 1000, 3),
        note.method,
        masking.path(note.path, note.query_string, note.operation_id),
        note.operation_id,
        note.client_id or None,
        note.status,
        note.sent,
        _problem(told, answer_headers),
        note.request_id,
        note.traceparent,
        _trace_id(note.traceparent),
        note.headers.get("idempotency-key"),
        int("idempotency-replayed" in answer_headers),
        json.dumps(note.faults) if note.faults else None,
        _json(subject),
        _json(documents.together(subject, named)),
        json.dumps(note.events) if note.events else None,
        None,
        note.body_size,
        note.answer_size,
    )
    shown = masking.headers(note.headers.items())
    return entry, Content(_json(shown), _json(answer_headers), asked_text, told_text)


def _delivery(note: DeliveryNote) -> tuple[Entry, Content]:
    event, url = note.event, masking.url(note.url)
    parts = urlsplit(url)
    traceparent = event.get("traceparent")
    data = event.get("data")
    subject = list(dict.fromkeys([str(event.get("subject", "")), *documents.subjects({}, data)]))
    about = {
        "webhook_id": note.receiver,
        "url": url,
        "event_id": event.get("id"),
        "event_type": event.get("type"),
        "subject": event.get("subject"),
        "attempt": note.attempt,
        "state": note.state,
        "reason": masking.known_forms(note.reason),
    }
    body = json.dumps(event, ensure_ascii=False).encode()
    entry = Entry(
        "delivery",
        rfc3339(note.at),
        int(note.started * 1_000_000),
        round(note.seconds * 1000, 3),
        "POST",
        (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        None,
        None,
        note.status or 0,
        "whole",
        None,
        None,
        traceparent,
        _trace_id(traceparent),
        None,
        0,
        json.dumps(note.faults) if note.faults else None,
        _json(subject),
        _json(documents.together(subject, documents.references(data))),
        None,
        _json(about),
        len(body),
        0,
    )
    _, text = _body(body[:BODY], len(body), "application/cloudevents+json", None)
    return entry, Content(_json({"content-type": "application/cloudevents+json; charset=utf-8"}), None, text, None)


def _body(body: bytes, size: int, media: str, operation_id: str | None) -> tuple[Any, str | None]:
    """(the JSON value where it is one, the text that is shown)."""
    if not body:
        return None, None
    kind = media.partition(";")[0].strip().lower()
    text = _text(body, cut=size > len(body))
    if text is None:
        return None, f"({size} bytes of {kind or 'an unnamed kind'})"
    if kind == "application/x-www-form-urlencoded":
        return None, masking.query(text, operation_id)
    parsed = _parsed(body) if "json" in kind and size == len(body) else None
    if parsed is None and operation_id in masking.SECRET_OPERATIONS:
        return None, masking.MASK
    if masking.may_hold_secrets(body):
        text = masking.json_text(text, parsed)
    return parsed, text


def _text(body: bytes, *, cut: bool) -> str | None:
    """The text of a body, None for what is none; the last character may be cut."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and len(body) - error.start < 4:
            return body[: error.start].decode("utf-8")
        return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _problem(told: Any, headers: Mapping[str, str]) -> str | None:
    if headers.get("content-type", "").startswith("application/problem+json") and isinstance(told, Mapping):
        return str(told.get("type", "")).removeprefix(TYPE_PREFIX)
    return None


def _trace_id(traceparent: str | None) -> str | None:
    found = _TRACE.fullmatch(traceparent) if traceparent else None
    return found[1] if found else None


def _of_query(text: str) -> dict[str, str]:
    """The parameters of a query; one that stands twice counts once."""
    return dict(parse_qsl(text, errors="replace")) if text else {}


def _json(value: Any) -> str:
    return _encode(value)
