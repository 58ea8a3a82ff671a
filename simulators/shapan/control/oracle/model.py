"""The facts of the three systems as immutable values: what the oracle compares (对账事实).

Money is integer fen, quantities integer thousandths of the base unit, times are RFC 3339 text with offset or None.
The shapes are those of `CrmFacts`, `ScmFacts` and `FinanceFacts` in contracts/control.yaml; `shapan.control.facts`
makes these values from them. Purchasing stands in `model_purchasing`; returns, stores and stock in `model_stores`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shapan.control.oracle.model_purchasing import (
    Accrual,
    GoodsReceipt,
    Payable,
    PayableAccount,
    PayableSettlement,
    PurchaseOrder,
    PurchaseReturn,
    Registered,
    RegisteredReturn,
    ScmSupplier,
    Supplier,
    SupplierInvoice,
)
from shapan.control.oracle.model_stores import (
    CashSale,
    CostAdjustment,
    CrmReturn,
    CrmStoreSale,
    InventoryAccount,
    InventoryDocument,
    Period,
    ProductionOrder,
    ProductionPosting,
    SalesReturn,
    ScmStoreSale,
    StockCount,
    StockValue,
    Transfer,
    UntoldValue,
    ValueChange,
)

EntityOf = Callable[[str, str, str], str | None]
"""(system, kind, record id) -> the true entity behind a seeded record, or None: the answer key (标准答案)."""


def knows_nothing(system: str, kind: str, record_id: str) -> str | None:
    """The answer key when there is none."""
    return None


@dataclass(frozen=True, slots=True)
class CrmCustomer:
    """A customer as the CRM has it; `open_fen` is the balance shown there, None when none was ever written."""

    id: str
    code: str
    name: str
    tax_number: str | None
    open_fen: int | None
    overdue_fen: int | None
    balance_as_of: str | None
    former_names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CrmLine:
    """A line of a CRM order; `quantity` counts whole sales units (`unit`)."""

    line: int
    product_code: str
    quantity: int
    unit: str
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class CrmOrder:
    """A CRM order in state draft, pendingApproval, rejected, confirmed or cancelled."""

    id: str
    number: str
    state: str
    customer_id: str
    confirmed_at: str | None
    delivery_status: str
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[CrmLine, ...]


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """Facts of the CRM."""

    customers: tuple[CrmCustomer, ...]
    orders: tuple[CrmOrder, ...]
    returns: tuple[CrmReturn, ...] = ()
    store_sales: tuple[CrmStoreSale, ...] = ()


@dataclass(frozen=True, slots=True)
class ScmPartner:
    """A business partner of the SCM."""

    code: str
    short_name: str
    tax_number: str | None
    full_name: str | None = None


@dataclass(frozen=True, slots=True)
class ScmProduct:
    """A product of the SCM; `units` gives thousandths of the base unit per unit (箱 -> 24000)."""

    code: str
    base_unit: str
    units: Mapping[str, int]

    def factor(self, unit: str) -> int | None:
        """Thousandths of the base unit in one `unit`, or None when the product is not sold in it."""
        return 1000 if unit == self.base_unit else self.units.get(unit)


@dataclass(frozen=True, slots=True)
class ScmLine:
    """A line of an SCM sales order, in thousandths of the base unit."""

    line: int
    product_code: str
    quantity_milli: int
    reserved_milli: int
    shipped_milli: int
    net_fen: int
    tax_fen: int
    gross_fen: int
    source_line: str | int | None = None


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """An SCM sales order in state draft, approved, closed or cancelled; `closed_short` with a rest that is not delivered any more."""

    number: str
    state: str
    partner_code: str
    source_system: str | None
    source_document: str | None
    created_at: str | None
    lines: tuple[ScmLine, ...]
    closed_short: bool = False
    order_date: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A line of a delivery; `line` is the line of its sales order."""

    line: int
    product_code: str
    quantity_milli: int
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An SCM delivery in state draft, shipped or cancelled."""

    number: str
    state: str
    sales_order: str
    partner_code: str
    source_document: str | None
    shipped_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[DeliveryLine, ...]
    ship_date: str | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """Stock of one product in one warehouse, in thousandths of the base unit."""

    product_code: str
    warehouse_code: str
    opening_milli: int
    movements_milli: int
    on_hand_milli: int
    reserved_milli: int


@dataclass(frozen=True, slots=True)
class ScmFacts:
    """Facts of the SCM."""

    partners: tuple[ScmPartner, ...]
    products: tuple[ScmProduct, ...]
    sales_orders: tuple[SalesOrder, ...]
    deliveries: tuple[Delivery, ...]
    stock: tuple[Stock, ...]
    stock_values: tuple[StockValue, ...] = ()
    suppliers: tuple[ScmSupplier, ...] = ()
    purchase_orders: tuple[PurchaseOrder, ...] = ()
    goods_receipts: tuple[GoodsReceipt, ...] = ()
    purchase_returns: tuple[PurchaseReturn, ...] = ()
    sales_returns: tuple[SalesReturn, ...] = ()
    store_sales: tuple[ScmStoreSale, ...] = ()
    production_orders: tuple[ProductionOrder, ...] = ()
    production_postings: tuple[ProductionPosting, ...] = ()
    value_changes: tuple[ValueChange, ...] = ()
    untold_values: tuple[UntoldValue, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    stock_counts: tuple[StockCount, ...] = ()
    cost_adjustments: tuple[CostAdjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class FinanceCustomer:
    """A customer of finance (往来单位) with its sub-ledger balances."""

    id: int
    short_name: str
    tax_number: str | None
    open_fen: int
    overdue_fen: int
    unapplied_fen: int
    full_name: str | None = None


@dataclass(frozen=True, slots=True)
class Receivable:
    """A receivable (应收单); `opening` marks those that the world began with.

    `recognised` is False while its revenue waits for acceptance (待验收), and for good when the customer refused the goods: then
    nothing of it is owed. `recognised_on` is the day of that, whose period it stands in. `cost_fen` is what
    it took out of stock itself when it began to wait (发出商品); a refused one has put it back. `red_of` is the id of the blue one that a red receivable (红字应收单, negative) takes back.
    """

    id: int
    number: str
    customer_id: int
    source_system: str | None
    source_document: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    settled_fen: int
    business_date: str
    period: str
    posted_at: str | None
    voucher: str | None
    opening: bool
    recognised: bool = True
    red_of: int | None = None
    order_reference: str | None = None
    reason: str | None = None
    recognised_on: str | None = None
    cost_fen: int = 0

    @property
    def open_fen(self) -> int:
        """What is owed of it; negative on a red one that is not offset."""
        return self.gross_fen - self.settled_fen if self.recognised else 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money received from a customer (收款单); `unapplied_fen` is not yet settled against receivables and stands in 1122.

    `advance_fen` is what of it stands in the account of advances (预收) instead. Of a `reversed` one nothing is left. An `opening` one
    came in before the books opened.
    """

    id: int
    number: str
    customer_id: int
    amount_fen: int
    unapplied_fen: int
    posted_at: str | None
    advance_fen: int = 0
    reversed: bool = False
    opening: bool = False
    bank_reference: str | None = None

    @property
    def applied_fen(self) -> int:
        """What of it settles receivables, as the receipt shows it."""
        return 0 if self.reversed else self.amount_fen - self.unapplied_fen - self.advance_fen


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a receipt that settles one receivable."""

    receivable_id: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settlement (核销) of one receipt against receivables; one that reverses another has negative amounts.

    An `opening` one was made before the books opened.
    """

    id: int
    number: str
    receipt_id: int
    posted_at: str | None
    allocations: tuple[Allocation, ...]
    opening: bool = False


@dataclass(frozen=True, slots=True)
class Clearing:
    """What reduces the open amount of a receivable without a receipt: an offset (红蓝对冲), a write-off (核销坏账) or a refund of a red one.

    `kind` is offset, write_off or refund; negative on the red receivable of an offset, and where a write-off is reversed.
    """

    kind: str
    number: str
    receivable_id: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Sides:
    """Debit and credit totals."""

    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Totals of the trial balance (试算平衡表) of one period."""

    period: str
    balanced: bool
    opening: Sides
    movement: Sides
    closing: Sides


@dataclass(frozen=True, slots=True)
class ControlAccount:
    """One customer in account 1122 beside its open items; both are open receivables less unapplied receipts."""

    customer_id: int
    ledger_1122_fen: int
    subledger_fen: int


@dataclass(frozen=True, slots=True)
class FinanceFacts:
    """Facts of finance. `unbalanced` and `gaps` describe vouchers in words."""

    customers: tuple[FinanceCustomer, ...]
    receivables: tuple[Receivable, ...]
    receipts: tuple[Receipt, ...]
    settlements: tuple[Settlement, ...]
    voucher_count: int
    unbalanced: tuple[str, ...]
    gaps: tuple[str, ...]
    trial_balance: TrialBalance
    control_account: tuple[ControlAccount, ...]
    clearings: tuple[Clearing, ...] = ()
    opening_period: str | None = None
    taxpayer_kind: str | None = None
    periods: tuple[Period, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    purchase_orders: tuple[Registered, ...] = ()
    goods_receipts: tuple[Registered, ...] = ()
    purchase_returns: tuple[RegisteredReturn, ...] = ()
    supplier_invoices: tuple[SupplierInvoice, ...] = ()
    payables: tuple[Payable, ...] = ()
    payable_settlements: tuple[PayableSettlement, ...] = ()
    accruals: tuple[Accrual, ...] = ()
    payable_accounts: tuple[PayableAccount, ...] = ()
    cash_sales: tuple[CashSale, ...] = ()
    inventory_documents: tuple[InventoryDocument, ...] = ()
    inventory_accounts: tuple[InventoryAccount, ...] = ()
