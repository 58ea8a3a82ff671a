"""What all flows have in common: what they work with, and how they say which events they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from shapan.reference.books import Books
from shapan.reference.client import SystemClient
from shapan.reference.items import Items
from shapan.reference.matching import Matcher
from shapan.reference.state import State
from shapan.reference.units import Units
from shapan.reference.worker import Handler

Json = Mapping[str, Any]
Scopes = Mapping[str, tuple[str, ...]]
"""System -> scopes of its contract."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every flow works with.

    A client for each system; which customer and which product is which, the factors of units, the periods of the books; what is remembered.
    """

    crm: SystemClient
    scm: SystemClient
    finance: SystemClient
    matcher: Matcher
    items: Items
    units: Units
    books: Books
    state: State


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of event, and who deals with it.

    event     type of the CloudEvent
    handler   takes the event; may be called again for the same one at any time, as after a crash
    document  event -> the document with which it stays in order ("order ORD-1"); None: this one is nothing to us. Reads the event only
    label     tells the pieces of work apart where one event has several handlers
    report    it only asks to look again and report what is there now, so that one look answers all that wait
    """

    event: str
    handler: Handler
    document: Callable[[Json], str | None]
    label: str = ""
    report: bool = False

    @property
    def work(self) -> str:
        """The name of the piece of work in the inbox: `scm.delivery.shipped`, or `scm.delivery.shipped: status`."""
        return f"{self.event}: {self.label}" if self.label else self.event


class Flow:
    """One subject: the events that it is for, and what they mean for the other systems. Thread-safe.

    A handler first looks whether its document is there already: in the crosswalk, then in the target system itself (the state may
    have been lost, and idempotency keys are forgotten after a day), and only then creates it, under a key derived from the source
    document. The worker sees to it that one document is in one thread at a time.
    """

    scopes: ClassVar[Scopes] = {}
    """What this flow needs of each system, and no more: tokens are asked for with the scopes of all flows."""

    def __init__(self, context: Context) -> None:
        self.crm = context.crm
        self.scm = context.scm
        self.finance = context.finance
        self.matcher = context.matcher
        self.items = context.items
        self.units = context.units
        self.books = context.books
        self.state = context.state

    def routes(self) -> tuple[Route, ...]:
        """The events that this flow is for."""
        raise NotImplementedError
