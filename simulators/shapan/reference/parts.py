"""The parts of the integration that can be replaced, each by a subclass of it: what app.py puts together."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from shapan.reference.books import Books
from shapan.reference.client import SystemClient
from shapan.reference.flows import FLOWS
from shapan.reference.flows.base import Context, Flow
from shapan.reference.inbox import Inbox
from shapan.reference.items import Items
from shapan.reference.matching import Matcher
from shapan.reference.pull import Puller
from shapan.reference.signature import Signature
from shapan.reference.state import State
from shapan.reference.tokens import TokenKeeper
from shapan.reference.units import Units
from shapan.reference.worker import Worker


@dataclass(frozen=True, slots=True)
class Parts:
    """A class for each part, and the flows."""

    client: type[SystemClient] = SystemClient
    tokens: type[TokenKeeper] = TokenKeeper
    state: type[State] = State
    inbox: type[Inbox] = Inbox
    signature: type[Signature] = Signature
    puller: type[Puller] = Puller
    worker: type[Worker] = Worker
    matcher: type[Matcher] = Matcher
    items: type[Items] = Items
    units: type[Units] = Units
    books: type[Books] = Books
    flows: tuple[type[Flow], ...] = FLOWS

    def context(self, crm: SystemClient, scm: SystemClient, finance: SystemClient, state: State) -> Context:
        """What the flows work with, made of these parts."""
        matcher = self.matcher(crm, scm, finance, state)
        items = self.items(scm, finance, state)
        return Context(crm, scm, finance, matcher, items, self.units(scm), self.books(finance), state)

    def having(self, part: type[Any]) -> Parts:
        """The same parts with this one in the place of what it is a subclass of. TypeError when it is a subclass of none."""
        for field in fields(self):
            if field.name != "flows" and issubclass(part, getattr(self, field.name)):
                change: dict[str, Any] = {field.name: part}
                return replace(self, **change)
        if not any(issubclass(part, flow) for flow in self.flows):
            raise TypeError(f"{part.__qualname__} is a subclass of no part; a part is a class that Parts names.")
        return replace(self, flows=tuple(part if issubclass(part, flow) else flow for flow in self.flows))


STANDARD = Parts()
"""The integration as it should be."""
