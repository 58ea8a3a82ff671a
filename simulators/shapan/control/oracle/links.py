"""Which document follows which: CRM order -> SCM sales orders -> deliveries -> receivables -> receipts and
settlements (单据链路).

A document is linked by its source reference. One without any is linked by its content, when exactly the document
that it ought to follow still lacks a follower: same company, same products and quantities, same amounts. So a team
that joins by other means than the source reference is judged by what it did; check O13 tells of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shapan.control.oracle.model import CrmOrder, Delivery, Receipt, Receivable, SalesOrder, Settlement

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


class Links:
    """The links of one set of books; everything is keyed by document number."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.orders: Mapping[str, CrmOrder] = {order.number: order for order in books.crm.orders}
        self.sales_orders: Mapping[str, SalesOrder] = {order.number: order for order in books.scm.sales_orders}
        self.deliveries: Mapping[str, Delivery] = {delivery.number: delivery for delivery in books.scm.deliveries}
        self.sales_orders_by_content: Mapping[str, str] = dict(self._match_sales_orders())
        self.receivables_by_content: Mapping[str, str] = dict(self._match_receivables())
        self._sales_orders_of: dict[str, list[SalesOrder]] = defaultdict(list)
        for sales_order in books.scm.sales_orders:
            order = self.order_of(sales_order)
            if order is not None:
                self._sales_orders_of[order.number].append(sales_order)
        self._deliveries_of: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in books.scm.deliveries:
            self._deliveries_of[delivery.sales_order].append(delivery)
        self._receivables_of: dict[str, list[Receivable]] = defaultdict(list)
        self._red_fen: Counter[int] = Counter()
        for receivable in books.finance.receivables:
            if receivable.red_of is not None:
                self._red_fen[receivable.red_of] -= receivable.gross_fen
        for receivable in books.finance.receivables:
            source = self.delivery_of(receivable)
            if source is not None and receivable.red_of is None:
                self._receivables_of[source.number].append(receivable)
        self._settlements_of: dict[int, list[Settlement]] = defaultdict(list)
        self._settlements_with: dict[int, list[Settlement]] = defaultdict(list)
        for settlement in books.finance.settlements:
            self._settlements_with[settlement.receipt_id].append(settlement)
            for receivable_id in {allocation.receivable_id for allocation in settlement.allocations}:
                self._settlements_of[receivable_id].append(settlement)

    def order_of(self, sales_order: SalesOrder) -> CrmOrder | None:
        """The CRM order that an SCM sales order follows, or None."""
        return self.orders.get(sales_order.source_document or self.sales_orders_by_content.get(sales_order.number, ""))

    def delivery_of(self, receivable: Receivable) -> Delivery | None:
        """The delivery that a receivable follows, or None."""
        return self.deliveries.get(receivable.source_document or self.receivables_by_content.get(receivable.number, ""))

    def order_of_delivery(self, delivery: Delivery) -> CrmOrder | None:
        """The CRM order behind a delivery, or None."""
        sales_order = self.sales_orders.get(delivery.sales_order)
        return self.order_of(sales_order) if sales_order else None

    def sales_orders_of(self, order: CrmOrder) -> tuple[SalesOrder, ...]:
        """All SCM sales orders that follow a CRM order, cancelled ones included."""
        return tuple(self._sales_orders_of.get(order.number, ()))

    def deliveries_of(self, sales_order: SalesOrder) -> tuple[Delivery, ...]:
        """All deliveries of a sales order."""
        return tuple(self._deliveries_of.get(sales_order.number, ()))

    def receivables_of(self, delivery: Delivery) -> tuple[Receivable, ...]:
        """All receivables that follow a delivery, but no red ones.

        Posted documents never change, so one that was booked by mistake is taken back by a red one (红字): among several, those that
        are taken back altogether do not count.
        """
        found = self._receivables_of.get(delivery.number, [])
        standing = [item for item in found if not self.is_taken_back(item)]
        if not standing:
            # All that was right went back: that is the one with the delivery's amounts.
            worth = (delivery.net_fen, delivery.tax_fen, delivery.gross_fen)
            right = [item for item in found if (item.net_fen, item.tax_fen, item.gross_fen) == worth]
            standing = (right or found)[:1]
        return tuple(standing)

    def is_taken_back(self, receivable: Receivable) -> bool:
        """Whether red receivables take a receivable back altogether."""
        return receivable.gross_fen > 0 and self._red_fen[receivable.id] == receivable.gross_fen

    def settlements_of(self, receivable: Receivable) -> tuple[Settlement, ...]:
        """All settlements that allocate something to a receivable."""
        return tuple(self._settlements_of.get(receivable.id, ()))

    def settlements_with(self, receipt: Receipt) -> tuple[Settlement, ...]:
        """All settlements that apply money of a receipt."""
        return tuple(self._settlements_with.get(receipt.id, ()))

    def receipts_of(self, receivable: Receivable) -> tuple[Receipt, ...]:
        """The receipts behind those settlements, each once."""
        ids = dict.fromkeys(settlement.receipt_id for settlement in self.settlements_of(receivable))
        return tuple(self._books.receipts[id_] for id_ in ids if id_ in self._books.receipts)

    def _match_sales_orders(self) -> Iterable[tuple[str, str]]:
        """(sales order, CRM order) for sales orders without a source document; each CRM order is used once."""
        followed = {order.source_document for order in self._books.scm.sales_orders if order.state != "cancelled"}
        waiting: defaultdict[object, list[CrmOrder]] = defaultdict(list)
        for order in self._books.crm.orders:
            if order.state == "confirmed" and order.number not in followed:
                waiting[self._content_of_order(order)].append(order)
        for sales_order in self._books.scm.sales_orders:
            if sales_order.source_document or sales_order.state == "cancelled":
                continue
            near = waiting[_content_of_sales_order(sales_order)]
            match = next((o for o in near if self._same_party(o, sales_order)), None)
            if match is not None:
                near.remove(match)
                yield sales_order.number, match.number

    def _match_receivables(self) -> Iterable[tuple[str, str]]:
        """(receivable, delivery) for receivables without a source document; each shipped delivery is used once."""
        followed = {receivable.source_document for receivable in self._books.finance.receivables}
        waiting: defaultdict[object, list[Delivery]] = defaultdict(list)
        for delivery in self._books.scm.deliveries:
            if delivery.state == "shipped" and delivery.number not in followed:
                waiting[(delivery.net_fen, delivery.tax_fen, delivery.gross_fen)].append(delivery)
        for receivable in self._books.finance.receivables:
            if receivable.source_document or receivable.opening or receivable.red_of is not None:
                continue
            near = waiting[(receivable.net_fen, receivable.tax_fen, receivable.gross_fen)]
            parties = self._books.parties
            match = next((d for d in near if parties.partner_and_finance(d.partner_code, receivable.customer_id)), None)
            if match is not None:
                near.remove(match)
                yield receivable.number, match.number

    def _same_party(self, order: CrmOrder, sales_order: SalesOrder) -> bool:
        return bool(self._books.parties.crm_and_partner(order.customer_id, sales_order.partner_code))

    def _content_of_order(self, order: CrmOrder) -> object:
        content: Counter[tuple[str, int, int, int]] = Counter()
        for line in order.lines:
            product = self._books.products.get(line.product_code)
            factor = product.factor(line.unit) if product else None
            content[(line.product_code, line.quantity * (factor or 0), line.net_fen, line.tax_fen)] += 1
        return frozenset(content.items())


def _content_of_sales_order(order: SalesOrder) -> object:
    return frozenset(Counter((n.product_code, n.quantity_milli, n.net_fen, n.tax_fen) for n in order.lines).items())
