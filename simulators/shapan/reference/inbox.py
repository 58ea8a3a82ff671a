"""The inbox (收件箱): takes CloudEvents from either way in, webhook or feed, and wakes the worker.

The same event may come by both ways and more than once; it is stored once. Events that no flow is for are not kept.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from shapan.reference.state import Incoming, State

log = logging.getLogger("shapan.reference")

_ORDER_EVENTS = frozenset({"crm.order.confirmed", "crm.order.changed", "crm.order.cancelled"})
BALANCE_EVENTS = frozenset(
    {
        "finance.receivable.posted",
        "finance.receivable.accepted",
        "finance.receivable.overdue",
        "finance.receipt.posted",
        "finance.receipt.reversed",
        "finance.settlement.posted",
        "finance.offset.posted",
        "finance.write_off.posted",
        "finance.write_off.reversed",
    }
)
"""What may change what a customer owes, or how much of that is overdue; the subject is the customer."""
_DELIVERY_EVENT = "scm.delivery.shipped"
DELIVERY_STATUS = "scm.delivery.shipped: status"


class NoEvent(ValueError):
    """What was received is no CloudEvent that can be used."""


def work_of(event: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """What an event asks for: (type, document, report) of each piece of work; none when no flow is for it.

    Everything about one CRM order shares its number, also deliveries of it; balances share the customer of finance.
    """
    kind, subject = event["type"], event["subject"]
    if kind in _ORDER_EVENTS:
        return [(kind, f"order {subject}", False)]
    if kind == _DELIVERY_EVENT:
        reference = event["data"]["source_reference"] or {}
        if reference.get("system") != "crm":
            return [(kind, f"sales order {subject}", False)]
        order = reference["document"]
        # Two pieces: what one side refuses is tried again without the other. (The CRM is still asked who ordered, before billing.)
        return [(kind, f"order {order}", False), (DELIVERY_STATUS, f"delivery status {order}", True)]
    if kind in BALANCE_EVENTS:
        return [(kind, f"balance {subject}", True)]
    return []


def parse(text: str | bytes) -> Any:
    """JSON with every fraction as Decimal. ValueError when it is none."""
    return json.loads(text, parse_float=Decimal)


class Inbox:
    """Stores events and tells the worker at once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.changed = threading.Condition()

    def take(self, text: bytes) -> bool:
        """Take one pushed event, a CloudEvent as JSON text. False when it was known or is of no interest. NoEvent, sqlite3.Error."""
        try:
            event = parse(text)
        except ValueError as error:
            raise NoEvent("the body is no JSON") from error
        return self._store(_incoming(event, text.decode())) > 0

    def take_page(self, system: str, events: Iterable[Any], cursor: str) -> int:
        """Take one page of a feed together with its new cursor. Returns how much of it was new. sqlite3.Error."""
        incoming: list[Incoming] = []
        for event in events:
            try:
                incoming += _incoming(event, json.dumps(event, ensure_ascii=False, default=_plain))
            except NoEvent as error:
                # One broken event must not hold up the feed behind it.
                log.error("%s feed: event skipped, %s", system, error)
        return self._store(incoming, feed=(system, cursor))

    def _store(self, events: list[Incoming], feed: tuple[str, str] | None = None) -> int:
        new = self._state.store(events, feed=feed) if events or feed else 0
        if new:
            with self.changed:
                self.changed.notify(new)
        return new


def _incoming(event: Any, text: str) -> list[Incoming]:
    try:
        return [Incoming(event["source"], event["id"], *work[:2], text, work[2]) for work in work_of(event)]
    except (KeyError, TypeError, AttributeError) as error:
        raise NoEvent(f"the CloudEvent lacks a member or has one of another kind ({error})") from error


def _plain(value: object) -> float:
    """Decimals of an event that is written down again: they were read from JSON numbers, so the shortest float is the same text."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no JSON")
