"""What each event means for the other systems, one subject a file. A new one: a module with a `Flow`, and its class in `FLOWS`.

orders      order confirmed, changed, cancelled (CRM) -> partner, sales order (SCM)
deliveries  delivery shipped (SCM) -> receivable (finance), delivery status (CRM)
inventory   whatever changed the value of stock (SCM) -> inventory documents (finance)
invoices    supplier invoice at another price (finance) -> cost adjustment (SCM)
purchasing  purchase order, goods receipt, purchase return (SCM) -> registered (finance)
balances    whatever changes what a customer owes (finance) -> balance (CRM)
receipts    receipt posted (finance) -> what its bank text names is settled (finance)
returns     return approved (CRM) -> sales return (SCM); received (SCM) -> red receivable (finance), return received and credited (CRM)
customers   customer created or merged (CRM) -> partner (SCM) and customer (finance), many of them as files
products    product created (SCM) -> inventory item (finance); orders that waited for it go on
stores      store sale (CRM) -> ingredients (SCM), cash sale (finance); posted (SCM) -> its cost (finance); voided and returned alike
transfers   transfer ended short (SCM) -> its loss (finance)
production  material issued or returned, goods made (SCM) -> inventory documents (finance)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.reference.flows.balances import BalanceFlow
from shapan.reference.flows.base import Context, Flow, Route
from shapan.reference.flows.customers import CustomerFlow
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.flows.inventory import InventoryFlow
from shapan.reference.flows.invoices import InvoiceCostFlow
from shapan.reference.flows.orders import OrderFlow
from shapan.reference.flows.production import ProductionFlow
from shapan.reference.flows.products import ProductFlow
from shapan.reference.flows.purchasing import PurchasingFlow
from shapan.reference.flows.receipts import ReceiptFlow
from shapan.reference.flows.returns import ReturnFlow
from shapan.reference.flows.stores import StoreSaleFlow
from shapan.reference.flows.transfers import TransferFlow
from shapan.reference.inbox import Asked
from shapan.reference.worker import Handler

FLOWS: tuple[type[Flow], ...] = (
    OrderFlow,
    DeliveryFlow,
    InventoryFlow,
    PurchasingFlow,
    InvoiceCostFlow,
    BalanceFlow,
    ReceiptFlow,
    ReturnFlow,
    CustomerFlow,
    ProductFlow,
    StoreSaleFlow,
    TransferFlow,
    ProductionFlow,
)
_ALWAYS = "events:read"


def scopes_of(flows: Iterable[type[Flow]], system: str) -> tuple[str, ...]:
    """The scopes that these flows need at a system, the feed of events among them."""
    return tuple(sorted({_ALWAYS, *(scope for flow in flows for scope in flow.scopes.get(system, ()))}))


class Flows:
    """All flows together: which work an event asks for, and who does it. ValueError when two say the same of one event."""

    def __init__(self, context: Context, flows: Iterable[type[Flow]] = FLOWS) -> None:
        self._routes: dict[str, Route] = {}
        self._by_event: defaultdict[str, list[Route]] = defaultdict(list)
        for flow in flows:
            for route in flow(context).routes():
                if route.work in self._routes:
                    raise ValueError(f"two flows are for {route.work!r}: give one of the routes a label")
                self._routes[route.work] = route
                self._by_event[route.event].append(route)

    def handlers(self) -> dict[str, Handler]:
        """Piece of work -> who does it."""
        return {work: route.handler for work, route in self._routes.items()}

    def work_of(self, event: Mapping[str, Any]) -> list[Asked]:
        """The pieces of work that an event asks for; none when no flow is for it."""
        asked = []
        for route in self._by_event.get(event["type"], ()):
            document = route.document(event)
            if document is not None:
                asked.append(Asked(route.work, document, route.report))
        return asked
