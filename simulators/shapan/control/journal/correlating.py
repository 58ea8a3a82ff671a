"""What led to what (前因后果): entries of several systems in the order of real time, each with the one that led to it. Pure.

A delivery was led to by the request that caused its event; that is known. A request was led to by the delivery before it in the same trace, where
the integration passes `traceparent` on; where it does not, by the latest delivery of another system about something that the request names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]


def chain(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """[{entry, led_by}], in the order of real time."""
    ordered = sorted(entries, key=lambda entry: (entry["started_at"], entry["system"], int(entry["cursor"])))
    cause_of_event = {event: entry for entry in ordered for event in entry["events"]}
    chained: list[dict[str, Any]] = []
    deliveries: list[Entry] = []
    for entry in ordered:
        if entry["kind"] == "delivery":
            cause = cause_of_event.get(entry["delivery"]["event_id"])
            chained.append({"entry": entry, "led_by": _led_by(cause, "event")})
            deliveries.append(entry)
        else:
            chained.append({"entry": entry, "led_by": _before(entry, deliveries)})
    return chained


def _before(entry: Entry, deliveries: list[Entry]) -> dict[str, Any] | None:
    """The delivery that led to a request, the latest that fits best."""
    about = {*entry["subjects"], *entry["references"]}
    named = [delivery for delivery in deliveries if about.intersection(delivery["subjects"])]
    if entry["trace_id"] is not None:
        traced = [delivery for delivery in deliveries if delivery["trace_id"] == entry["trace_id"]]
        both = [delivery for delivery in traced if delivery in named]
        if traced:
            return _led_by((both or traced)[-1], "trace")
    elsewhere = [delivery for delivery in named if delivery["system"] != entry["system"]]
    return _led_by(elsewhere[-1], "document") if elsewhere else None


def _led_by(cause: Entry | None, evidence: str) -> dict[str, Any] | None:
    return None if cause is None else {"system": cause["system"], "cursor": cause["cursor"], "by": evidence}


def made_from(documents: Iterable[str], entries: Iterable[Entry]) -> list[str]:
    """The documents that were made or changed by requests that name these; what is a number only says too little to be followed."""
    known = set(documents)
    found: dict[str, None] = {}
    for entry in entries:
        changed = entry["kind"] == "request" and entry["method"] != "GET" and entry["status"] < 400
        if changed and known.intersection((*entry["subjects"], *entry["references"])):
            found.update(dict.fromkeys(name for name in entry["subjects"] if name not in known and not name.isdigit()))
    return list(found)
