"""The documents of the year before the opening (历史单据), as values that the systems' seeds and the export write down.

Amounts are whole fen, quantities thousandths of the base unit unless they are named `packs` (sales units), dates local dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shapan.kernel.money import divide_half_up
from shapan.world.entities import Product, Supplier


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line of a sale. `price_fen` is the list price of that day, tax-inclusive, per sales unit; the discount is in basis points."""

    product: Product
    packs: int
    price_fen: int
    discount_bp: int
    net_fen: int
    tax_fen: int

    @property
    def gross_fen(self) -> int:
        """With tax."""
        return self.net_fen + self.tax_fen

    @property
    def quantity_milli(self) -> int:
        """In thousandths of the base unit."""
        return self.packs * self.product.units_per_sales_unit * 1000

    @property
    def unit_price_e4(self) -> int:
        """Net, per base unit, 1/10000 yuan, as far as four decimals can say it."""
        return divide_half_up(self.net_fen * 100_000, self.quantity_milli)

    @property
    def cost_fen(self) -> int:
        """What the goods had cost."""
        return divide_half_up(self.quantity_milli * self.product.cost_e4, 100_000)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came in (收款) and what of it was settled (核销). `customer_id` is finance's; `settlement_number` None when nothing was."""

    number: str
    settlement_number: str | None
    customer_id: int
    received_on: date
    amount_fen: int
    settled_fen: int


class _Line(Protocol):
    @property
    def net_fen(self) -> int: ...

    @property
    def tax_fen(self) -> int: ...


class _Sums:
    """The sums of a document, which are those of its lines: tax is by line and never on the total."""

    __slots__ = ()
    lines: tuple[_Line, ...]

    @property
    def net_fen(self) -> int:
        """Without tax."""
        return sum(line.net_fen for line in self.lines)

    @property
    def tax_fen(self) -> int:
        """The tax."""
        return sum(line.tax_fen for line in self.lines)

    @property
    def gross_fen(self) -> int:
        """With tax."""
        return self.net_fen + self.tax_fen


@dataclass(frozen=True, slots=True)
class Sale(_Sums):
    """One order with all that followed from it: sales order, delivery, receivable, receipts. All of it was delivered at once."""

    entity: str
    customer_id: str
    partner_code: str
    finance_id: int
    order_number: str
    sales_order_number: str
    delivery_number: str
    receivable_number: str
    ordered_at: datetime
    shipped_on: date
    due_on: date
    warehouse: str
    lines: tuple[SaleLine, ...]
    receipts: tuple[Receipt, ...]

    @property
    def settled_fen(self) -> int:
        """What is settled of the receivable."""
        return sum(receipt.settled_fen for receipt in self.receipts)


@dataclass(frozen=True, slots=True)
class Carried:
    """A receivable that is older than the year that is told (年前遗留应收): its order is in none of the systems."""

    entity: str
    finance_id: int
    receivable_number: str
    business_date: date
    due_on: date
    net_fen: int
    tax_fen: int


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """A line of a purchase order. `unit_price_e4` is net, per base unit, and exact."""

    product: Product
    quantity_milli: int
    unit_price_e4: int
    net_fen: int
    tax_fen: int


@dataclass(frozen=True, slots=True)
class Purchase(_Sums):
    """One purchase order with its goods receipt, supplier invoice and, when it was paid, the payment."""

    supplier: Supplier
    finance_id: int
    order_number: str
    receipt_number: str
    payable_number: str
    payment_number: str | None
    ordered_on: date
    received_on: date
    due_on: date
    paid_on: date | None
    warehouse: str
    lines: tuple[PurchaseLine, ...]


@dataclass(frozen=True, slots=True)
class MaterialIssue:
    """What of a material went into a production order, at the moving average of that moment."""

    product: Product
    quantity_milli: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Production:
    """One production order, done in one go. Its cost is the material and what labour and overhead (`labour_fen`) come to."""

    order_number: str
    issue_number: str
    receipt_number: str
    product: Product
    quantity_milli: int
    cost_fen: int
    labour_fen: int
    released_on: date
    issued_on: date
    received_on: date
    warehouse: str
    materials: tuple[MaterialIssue, ...]


@dataclass(frozen=True, slots=True)
class StockAt:
    """What stood of a product in a warehouse: quantity in thousandths of the base unit, value in fen."""

    product: Product
    warehouse: str
    quantity_milli: int
    value_fen: int
