"""SCM product -> inventory item in finance; and orders that wait for a product go on once it is there."""

from __future__ import annotations

import logging
from typing import ClassVar

from shapan.reference.flows.base import Flow, Json, Route, Scopes

log = logging.getLogger("shapan.reference")


class ProductFlow(Flow):
    """Product created in the SCM -> its inventory item in finance, once."""

    scopes: ClassVar[Scopes] = {
        "scm": ("products:read",),
        "finance": ("inventory_items:read", "inventory_items:write"),
    }

    def routes(self) -> tuple[Route, ...]:
        """Two pieces of work: an order must not wait for finance."""
        return (
            Route("scm.product.created", self.product_created, product_of),
            Route("scm.product.created", self.orders_go_on, waiting_for, label="orders"),
        )

    def product_created(self, event: Json) -> None:
        """The warehouse has a new product: so has finance, under a code that it finds again."""
        code = event["data"]["product_code"]
        log.info("scm product %s -> finance inventory item %s", code, self.items.item_of(code).code)

    def orders_go_on(self, event: Json) -> None:
        """Orders that were parked because the SCM did not know this product are tried again."""
        code = event["data"]["product_code"]
        for document in self.state.sources("waits-for-product", "crm", "scm", code):
            if self.state.unpark(document):
                log.info("%s goes on: product %s is there now", document, code)


def product_of(event: Json) -> str:
    """The product that an event of the SCM is about."""
    return f"product {event['subject']}"


def waiting_for(event: Json) -> str:
    """The orders that wait for a product."""
    return f"orders with product {event['subject']}"
