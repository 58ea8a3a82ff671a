"""The inbox (收件箱): takes CloudEvents from either way in, webhook or feed, and wakes the worker.

The same event may come by both ways and more than once; it is stored once. Events that no flow is for are not kept.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from shapan.reference.state import Incoming, State

log = logging.getLogger("shapan.reference")


class Asked(NamedTuple):
    """A piece of work that an event asks for: its name, the document with which it stays in order, and whether it is only a report."""

    work: str
    document: str
    report: bool


WorkOf = Callable[[Any], list[Asked]]
"""Event -> the pieces of work that it asks for; none when no flow is for it. KeyError or TypeError for an event of unknown shape."""


class NoEvent(ValueError):
    """What was received is no CloudEvent that can be used."""


def parse(text: str | bytes) -> Any:
    """JSON with every fraction as Decimal. ValueError when it is none."""
    return json.loads(text, parse_float=Decimal)


class Inbox:
    """Stores what events ask for, as `work_of` tells it, and tells the worker at once."""

    def __init__(self, state: State, work_of: WorkOf) -> None:
        self._state = state
        self._work_of = work_of
        self.changed = threading.Condition()

    def take(self, text: bytes) -> bool:
        """Take one pushed event, a CloudEvent as JSON text. False when it was known or is of no interest. NoEvent, sqlite3.Error."""
        try:
            event = parse(text)
        except ValueError as error:
            raise NoEvent("the body is no JSON") from error
        return self._store(self.incoming(event, text.decode())) > 0

    def take_page(self, system: str, events: Iterable[Any], cursor: str) -> int:
        """Take one page of a feed together with its new cursor. Returns how much of it was new. sqlite3.Error."""
        incoming: list[Incoming] = []
        for event in events:
            try:
                incoming += self.incoming(event, json.dumps(event, ensure_ascii=False, default=_plain))
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

    def incoming(self, event: Any, text: str) -> list[Incoming]:
        """The rows of the inbox that an event makes; one that was there before makes the same ones, which are kept once."""
        try:
            return [
                Incoming(event["source"], event["id"], asked.work, asked.document, text, asked.report)
                for asked in self._work_of(event)
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise NoEvent(f"the CloudEvent lacks a member or has one of another kind ({error})") from error


def _plain(value: object) -> float:
    """Decimals of an event that is written down again: they were read from JSON numbers, so the shortest float is the same text."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no JSON")
