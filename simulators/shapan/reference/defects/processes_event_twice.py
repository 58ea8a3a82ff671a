"""Every delivery of an event is taken for a new event, and every shipment that is told of is billed."""

from __future__ import annotations

import json
import secrets

from shapan.reference.flows.base import Json
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.inbox import Inbox


class TakesAgain(Inbox):
    """Does not look at the id of what is pushed."""

    def take(self, text: bytes) -> bool:
        """A known event is taken once more, under another id."""
        if super().take(text):
            return True
        event = json.loads(text)
        return super().take(json.dumps({**event, "id": f"{event['id']}/{secrets.token_hex(4)}"}).encode())


class BillsAgain(DeliveryFlow):
    """Does not look whether the receivable is there."""

    def is_billed(self, number: str) -> bool:
        """Never looks."""
        return False

    def receivable(self, delivery: Json, order: Json | None) -> Json:
        """A new one each time, under a key by chance."""
        return dict(self.finance.post("/receivables", self.receivable_body(delivery, order), key=secrets.token_hex(16)))
