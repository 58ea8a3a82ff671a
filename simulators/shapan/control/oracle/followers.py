"""Which document follows which, beyond sales (单据链路): purchasing, returns, stores, production and what they are worth in finance.

All of it goes by the number in a source reference, or by the systems' own links. Everything is looked up by document number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from shapan.control.oracle.model import Receivable
from shapan.control.oracle.model_purchasing import Payable, Registered, RegisteredReturn, SupplierInvoice
from shapan.control.oracle.model_stores import CashSale, InventoryDocument, SalesReturn, ScmStoreSale, ValueChange

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


class _WithSource(Protocol):
    @property
    def source_document(self) -> str | None: ...


T = TypeVar("T", bound=_WithSource)


def _by_source(documents: Iterable[T]) -> Mapping[str, list[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for document in documents:
        if document.source_document:
            found[document.source_document].append(document)
    return found


class Followers:
    """The followers of one set of books; each table is made when it is first asked for."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @cached_property
    def registered_orders(self) -> Mapping[str, list[Registered]]:
        """SCM purchase order -> purchase orders in the register of finance."""
        return _by_source(self._books.finance.purchase_orders)

    @cached_property
    def registered_receipts(self) -> Mapping[str, list[Registered]]:
        """SCM goods receipt -> goods receipts in the register of finance."""
        return _by_source(self._books.finance.goods_receipts)

    @cached_property
    def registered_returns(self) -> Mapping[str, list[RegisteredReturn]]:
        """SCM purchase return -> purchase returns in the register of finance."""
        return _by_source(self._books.finance.purchase_returns)

    @cached_property
    def invoices_of_receipt(self) -> Mapping[str, list[SupplierInvoice]]:
        """Goods receipt in the register -> supplier invoices for its goods."""
        found: defaultdict[str, list[SupplierInvoice]] = defaultdict(list)
        for invoice in self._books.finance.supplier_invoices:
            numbers = {number for line in invoice.lines for number in line.goods_receipts.split()}
            for number in sorted(numbers):
                found[number].append(invoice)
        return found

    @cached_property
    def payables_of_invoice(self) -> Mapping[str, list[Payable]]:
        """Supplier invoice -> payables."""
        found: defaultdict[str, list[Payable]] = defaultdict(list)
        for payable in self._books.finance.payables:
            if payable.supplier_invoice:
                found[payable.supplier_invoice].append(payable)
        return found

    @cached_property
    def sales_returns(self) -> Mapping[str, list[SalesReturn]]:
        """CRM return -> sales returns in the SCM."""
        return _by_source(self._books.scm.sales_returns)

    @cached_property
    def returns_of_delivery(self) -> Mapping[str, list[SalesReturn]]:
        """Delivery -> the sales returns of its goods."""
        found: defaultdict[str, list[SalesReturn]] = defaultdict(list)
        for item in self._books.scm.sales_returns:
            found[item.delivery].append(item)
        return found

    @cached_property
    def reds_of(self) -> Mapping[int, list[Receivable]]:
        """Id of a receivable -> the red ones that take it back."""
        found: defaultdict[int, list[Receivable]] = defaultdict(list)
        for item in self._books.finance.receivables:
            if item.red_of is not None:
                found[item.red_of].append(item)
        return found

    @cached_property
    def store_sales(self) -> Mapping[str, list[ScmStoreSale]]:
        """CRM store sale -> store sales in the SCM."""
        return _by_source(self._books.scm.store_sales)

    @cached_property
    def cash_sales(self) -> Mapping[str, list[CashSale]]:
        """Source document -> cash sales."""
        return _by_source(self._books.finance.cash_sales)

    @cached_property
    def inventory_documents(self) -> Mapping[str, list[InventoryDocument]]:
        """SCM document -> inventory documents."""
        return _by_source(self._books.finance.inventory_documents)

    @cached_property
    def value_changes(self) -> Mapping[str, list[ValueChange]]:
        """SCM document -> what it changed of the value of stock."""
        found: defaultdict[str, list[ValueChange]] = defaultdict(list)
        for change in self._books.scm.value_changes:
            found[change.document].append(change)
        return found

    @cached_property
    def red_of_return(self) -> Mapping[str, list[Receivable]]:
        """Sales return -> the red receivables that take its goods back.

        One that names the return, or the CRM return behind it, as its source document or in its reason belongs to it; those without source
        document go, by their amounts, to the returns of the delivery that are left, each to one.
        """
        found: defaultdict[str, list[Receivable]] = defaultdict(list)
        for delivery, returns in self.returns_of_delivery.items():
            source = self._books.links.deliveries.get(delivery)
            blue = self._books.links.receivables_of(source) if source else ()
            reds = [red for item in blue for red in self.reds_of.get(item.id, ())]
            received = [item for item in returns if item.state == "received"]
            for item in received:
                names = [name for name in (item.number, item.source_document) if name]
                for red in [red for red in reds if red.source_document in names or _tells(red, names)]:
                    found[item.number].append(red)
                    reds.remove(red)
            reds = [red for red in reds if not red.source_document]
            # Equal amounts first; what is left belongs to whichever return has none, so that a wrong amount is told as that.
            for fits in (_same_amount, _any):
                for item in [item for item in received if not found[item.number]]:
                    match = next((red for red in reds if fits(item, red)), None)
                    if match is not None:
                        found[item.number].append(match)
                        reds.remove(match)
        return found


def _tells(red: Receivable, names: list[str]) -> bool:
    return not red.source_document and any(name in (red.reason or "") for name in names)


def _same_amount(item: SalesReturn, red: Receivable) -> bool:
    return (item.net_fen, item.tax_fen) == (-red.net_fen, -red.tax_fen)


def _any(item: SalesReturn, red: Receivable) -> bool:
    return True
