"""Which requests made or touched each document of a chain, and which deliveries told of it (单据的请求与投递). Pure.

A request belongs to the document that it made or changed, where a document of the chain is its subject; one that only names documents of the chain, as a
refused attempt does whose own document never came to be, to the last of those that it names. Requests that only read are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
Key = tuple[str, str]
"""System and number of a document."""


def outcome(entry: Entry) -> str:
    """made, changed, replayed, refused (4xx), failed (5xx) or lost (done, but the answer was not sent whole)."""
    if entry["status"] >= 500:
        return "failed"
    if entry["status"] >= 400:
        return "refused"
    if entry["replayed"]:
        return "replayed"
    if entry["sent"] != "whole":
        return "lost"
    return "made" if entry["status"] == 201 else "changed"


def assigned(
    documents: Sequence[Key], entries: Iterable[Entry]
) -> tuple[dict[Key, list[dict[str, Any]]], dict[Key, list[dict[str, Any]]]]:
    """(requests, deliveries) of each document of a chain, upstream first, in the order of real time."""
    requests: dict[Key, list[dict[str, Any]]] = {key: [] for key in documents}
    deliveries: dict[Key, list[dict[str, Any]]] = {key: [] for key in documents}
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in sorted(entries, key=lambda one: (one["started_at"], one["system"], int(one["cursor"]))):
        key = _of(documents, entry)
        if key is None:
            continue
        if entry["kind"] == "delivery":
            _deliver(deliveries[key], told, entry)
        elif entry["method"] != "GET":
            requests[key].append(_request(entry))
    return requests, deliveries


def _of(documents: Sequence[Key], entry: Entry) -> Key | None:
    """The document that an entry is about: the last of the chain that is its subject in its own system, else the last that it names."""
    own = [key for key in documents if key[0] == entry["system"] and key[1] in entry["subjects"]]
    if own:
        return own[-1]
    if entry["kind"] == "delivery":
        return None
    named = {*entry["subjects"], *entry["references"]}
    near = [key for key in documents if key[1] in named]
    return near[-1] if near else None


def _request(entry: Entry) -> dict[str, Any]:
    members = (
        "system",
        "cursor",
        "at",
        "started_at",
        "method",
        "path",
        "operation_id",
        "client_id",
        "status",
        "problem",
    )
    return {
        **{name: entry[name] for name in (*members, "request_id", "trace_id", "replayed", "sent", "duration_ms")},
        "outcome": outcome(entry),
    }


def _deliver(found: list[dict[str, Any]], told: dict[tuple[str, str], dict[str, Any]], entry: Entry) -> None:
    """Attempts to deliver one event to one receiver are one delivery."""
    about = entry["delivery"]
    key = (f"{entry['system']} {about['event_id']}", about["url"])
    if key not in told:
        told[key] = {
            "system": entry["system"],
            "event_id": about["event_id"],
            "event_type": about["event_type"],
            "url": about["url"],
            "trace_id": entry["trace_id"],
            "started_at": entry["started_at"],
            "attempts": 0,
        }
        found.append(told[key])
    told[key].update(
        attempts=told[key]["attempts"] + 1, ended_at=entry["started_at"], state=about["state"], reason=about["reason"]
    )
