"""CRM customer -> SCM partner and finance customer: before the first order, many at once, and still the same one after a merger.

SCM and finance change no customer once entered, so a new legal name stays in the CRM: orders and balances follow the crosswalk, and a customer that
was renamed before anybody met it is found by its former names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from shapan.reference.batches import Row, load
from shapan.reference.errors import Undecidable
from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.inbox import parse
from shapan.reference.matching import Party, finance_customer_body, lock_keys, partner_body, party_of_crm
from shapan.reference.state import Incoming

log = logging.getLogger("shapan.reference")

ALL = "customers"
ALONE = "alone"
MANY = 5
"""Up to so many new customers are entered one by one; more are sent as a file."""


class CustomerFlow(Flow):
    """Customer created or merged in the CRM -> its counterparts in SCM and finance."""

    scopes: ClassVar[Scopes] = {
        "crm": ("customers:read",),
        "scm": ("partners:read", "partners:write", "imports:read", "imports:write"),
        "finance": ("customers:read", "customers:write", "imports:read", "imports:write"),
    }

    def routes(self) -> tuple[Route, ...]:
        """New customers that wait are handed over together, so that a file of hundreds in the CRM is a file downstream as well."""
        return (
            Route("crm.customer.created", self.hand_over, lambda _: ALL, report=True),
            # No event asks for it: it is for those that could not be handed over with the others.
            Route("crm.customer.created", self.hand_over_alone, lambda _: None, label=ALONE),
            Route("crm.customer.merged", self.merged, lambda event: f"customer {event['subject']}"),
        )

    def hand_over(self, _: Json) -> None:
        """All customers whose creation waits in the inbox: each gets its counterparts, or goes its own way with its own reason."""
        waiting = {one["data"]["id"]: (one, text) for text in self.state.bodies(ALL) for one in (parse(text),)}
        new = [party_of_crm(one["data"]) for key, (one, _) in waiting.items() if self._is_new(key)]
        if len(new) <= MANY:
            alone: Iterable[str] = [party.key for party in new]
        else:
            # An order of one of them waits meanwhile, or it would enter the same customer by itself.
            with self.matcher.locks.hold(*(key for party in new for key in lock_keys(party))):
                alone = {
                    *self._hand_over_many("scm", "partners", new, partner_body),
                    *self._hand_over_many("finance", "customers", new, finance_customer_body),
                }
        self._leave_alone(waiting[key] for key in alone)

    def _is_new(self, customer_id: str) -> bool:
        known = (self.state.linked("customer", "crm", customer_id, target) for target in ("scm", "finance"))
        return None in known

    def _hand_over_many(
        self, target: str, resource: str, parties: Sequence[Party], body: Callable[[Party], dict[str, Any]]
    ) -> list[str]:
        """Enter those that the target has not, in one file. Returns the keys of those that have no counterpart after it."""
        missing, undecided = self._missing(target, parties)
        if not missing:
            return undecided
        client = self.scm if target == "scm" else self.finance
        rows = load(client, resource, [body(party) for party in missing])
        for party, row in zip(missing, rows, strict=False):
            if row.key is not None:
                self.state.link("customer", "crm", party.key, target, row.key)
        log.info("crm: %d customers -> %s, %d rows", len(missing), target, len(rows))
        return [*undecided, *self.refused(missing, rows)]

    def _missing(self, target: str, parties: Sequence[Party]) -> tuple[list[Party], list[str]]:
        """Those that the target has not, once each; and the keys of those that nobody can decide here."""
        self.matcher.directories[target].refresh()
        missing: list[Party] = []
        undecided: list[str] = []
        seen: set[str] = set()
        for party in parties:
            keys = set(lock_keys(party))
            if keys & seen:
                # Maybe the same company as another one of the file; which it is shows when that one is entered.
                undecided.append(party.key)
                continue
            seen |= keys
            try:
                found = self.matcher.find(target, party)
            except Undecidable:
                undecided.append(party.key)
                continue
            if found is None:
                missing.append(party)
            else:
                self.state.link("customer", "crm", party.key, target, found)
        return missing, undecided

    def refused(self, parties: Sequence[Party], rows: Sequence[Row]) -> list[str]:
        """The keys of those whose row was refused."""
        refused = [(party, row) for party, row in zip(parties, rows, strict=False) if row.key is None]
        for party, row in refused:
            log.warning("crm customer %s was refused in a file (批量导入被拒): %s", party.code, row.reason)
        return [party.key for party, _ in refused]

    def _leave_alone(self, events: Iterable[tuple[Json, str]]) -> None:
        """Each of these is a piece of work of its own from now on: tried again by itself, and parked with its own reason."""
        work = f"crm.customer.created: {ALONE}"
        self.state.store(
            Incoming(one["source"], one["id"], work, f"customer {one['subject']}", text) for one, text in events
        )

    def hand_over_alone(self, event: Json) -> None:
        """One customer: its counterparts in SCM and finance, found or created."""
        customer_id = event["data"]["id"]
        partner_code = self.matcher.partner_of(customer_id)
        finance_id = self.matcher.finance_customer_of("crm", customer_id)
        log.info("crm customer %s -> scm partner %s, finance customer %s", event["subject"], partner_code, finance_id)

    def merged(self, event: Json) -> None:
        """Two records of one company became one: what the merged one was elsewhere, the one that is left is too."""
        merged, into = event["data"]["id"], event["data"]["mergedInto"]
        for target in ("scm", "finance"):
            counterpart = self.state.linked("customer", "crm", merged, target)
            if counterpart and self.state.linked("customer", "crm", into, target) is None:
                self.state.link("customer", "crm", into, target, counterpart)
        log.info("crm customer %s was merged into %s", event["subject"], into)
