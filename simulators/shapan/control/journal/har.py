"""Entries of the journal as HTTP Archive 1.2 (HAR), as browsers read it: http://www.softwareishard.com/blog/har-12-spec/. Pure.

Of secrets there is nothing left to export. What HAR has no member for stands in members that begin with an underscore, as it allows.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from shapan import __version__

_KEPT = 16 * 1024


def archive(entries: Iterable[Mapping[str, Any]], base_of: Callable[[str], str]) -> dict[str, Any]:
    """The archive of entries with bodies, in their order; `base_of` gives the base URL of a system."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "shapan", "version": __version__},
            "pages": [],
            "entries": [_entry(entry, base_of) for entry in entries],
        }
    }


def _entry(entry: Mapping[str, Any], base_of: Callable[[str], str]) -> dict[str, Any]:
    delivery = entry["delivery"]
    url = delivery["url"] if delivery else base_of(entry["system"]) + entry["path"]
    time = entry["duration_ms"]
    return {
        "startedDateTime": entry["started_at"],
        "time": time,
        "request": _request(entry, url),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": time, "receive": 0},
        "comment": _comment(entry),
        "_system": entry["system"],
        "_kind": entry["kind"],
        "_operation": entry["operation_id"],
        "_client": entry["client_id"],
        "_simulatedDateTime": entry["at"],
        "_faults": entry["faults"],
        "_delivery": delivery,
    }


def _request(entry: Mapping[str, Any], url: str) -> dict[str, Any]:
    headers = entry["request_headers"]
    request: dict[str, Any] = {
        "method": entry["method"],
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "queryString": _pairs(parse_qsl(url.partition("?")[2], keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": entry["request_bytes"],
    }
    if entry["request_body"] is not None:
        request["postData"] = {
            "mimeType": headers.get("content-type", ""),
            "params": [],
            "text": entry["request_body"],
            **_cut(entry["request_bytes"]),
        }
    return request


def _response(entry: Mapping[str, Any]) -> dict[str, Any]:
    status, headers = entry["status"], entry["response_headers"]
    try:
        text = http.HTTPStatus(status).phrase
    except ValueError:
        text = ""
    content: dict[str, Any] = {
        "size": entry["response_bytes"],
        "mimeType": headers.get("content-type", "x-unknown"),
        **_cut(entry["response_bytes"]),
    }
    if entry["response_body"] is not None:
        content["text"] = entry["response_body"]
    return {
        "status": status,
        "statusText": text,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "content": content,
        "redirectURL": headers.get("location", "") if 300 <= status < 400 else "",
        "headersSize": -1,
        "bodySize": entry["response_bytes"],
    }


def _pairs(given: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in given]


def _cut(size: int) -> dict[str, str]:
    return {"comment": f"The first 16 KiB of {size} bytes."} if size > _KEPT else {}


def _comment(entry: Mapping[str, Any]) -> str:
    if entry["delivery"]:
        about = entry["delivery"]
        return f"{entry['system']} delivers {about['event_type']} {about['subject']}, attempt {about['attempt']}: {about['reason']}"
    return f"{entry['system']} {entry['operation_id'] or 'no operation'}"
