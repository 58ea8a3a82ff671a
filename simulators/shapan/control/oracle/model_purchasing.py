"""Facts of purchasing (采购事实) as immutable values; money is integer fen, quantities integer thousandths of the base unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScmSupplier:
    """A supplier of the SCM."""

    code: str
    name: str
    short_name: str
    tax_number: str | None


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier of finance."""

    id: int
    short_name: str
    tax_number: str | None
    full_name: str | None = None


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line of goods that are bought or sent back. `rejected` ones never entered stock, and nobody pays for them."""

    line: int
    product_code: str
    quantity_milli: int
    net_fen: int = 0
    tax_fen: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """An SCM purchase order in state draft, approved, closed or cancelled."""

    number: str
    state: str
    supplier_code: str
    order_date: str
    approved_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[GoodsLine, ...]


@dataclass(frozen=True, slots=True)
class GoodsReceipt:
    """An SCM goods receipt in state draft, posted or cancelled; its lines are what entered stock."""

    number: str
    state: str
    purchase_order: str
    supplier_code: str
    receipt_date: str
    posted_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[GoodsLine, ...]


@dataclass(frozen=True, slots=True)
class PurchaseReturn:
    """An SCM return to a supplier in state draft, posted or cancelled."""

    number: str
    state: str
    goods_receipt: str
    supplier_code: str
    return_date: str
    posted_at: str | None
    lines: tuple[GoodsLine, ...]


@dataclass(frozen=True, slots=True)
class RegisteredLine:
    """A line of goods in the register of finance; the last two are what of a receipt went back and what was invoiced."""

    line: int
    product_code: str
    quantity_milli: int
    net_fen: int
    tax_fen: int
    returned_milli: int = 0
    invoiced_milli: int = 0


@dataclass(frozen=True, slots=True)
class Registered:
    """A purchase order or goods receipt in the register of finance (登记)."""

    id: int
    number: str
    supplier_id: int
    business_date: str
    period: str
    source_system: str | None
    source_document: str | None
    registered_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[RegisteredLine, ...]


@dataclass(frozen=True, slots=True)
class RegisteredReturnLine:
    """A line of a registered return: what of a registered receipt went back."""

    line: int
    goods_receipt: str
    product_code: str
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class RegisteredReturn:
    """A purchase return in the register of finance."""

    id: int
    number: str
    supplier_id: int
    business_date: str
    period: str
    source_system: str | None
    source_document: str | None
    registered_at: str | None
    lines: tuple[RegisteredReturnLine, ...]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of a supplier invoice. `matched_milli` stands against goods that came in with `goods_receipts` (numbers, separated by spaces)."""

    line: int
    service: int
    quantity_milli: int | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    matched_milli: int
    goods_receipts: str


@dataclass(frozen=True, slots=True)
class SupplierInvoice:
    """A supplier invoice (采购发票) in state mismatched, matched, released or cancelled; `reverses` is the blue one of a red one."""

    number: str
    supplier_id: int
    state: str
    invoice_number: str
    reverses: str | None
    business_date: str | None
    period: str | None
    posted_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[InvoiceLine, ...]

    @property
    def posted(self) -> bool:
        """Whether it stands in the books."""
        return self.state in ("matched", "released")


@dataclass(frozen=True, slots=True)
class Payable:
    """A payable (应付单) of a supplier invoice; `opening` marks those that the world began with."""

    number: str
    supplier_id: int
    supplier_invoice: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    settled_fen: int
    business_date: str
    period: str
    posted_at: str | None
    opening: bool


@dataclass(frozen=True, slots=True)
class PayableSettlement:
    """A part of a payment that settles a payable."""

    number: str
    payment: str | None
    payable: str
    amount_fen: int
    posted_at: str | None


@dataclass(frozen=True, slots=True)
class Accrual:
    """Goods received and not invoiced at a month end (暂估) of one supplier, and the period in which that was reversed."""

    number: str
    supplier_id: int
    period: str
    amount_fen: int
    reversal_period: str | None
    posted_at: str | None


@dataclass(frozen=True, slots=True)
class PayableAccount:
    """One supplier on an account (220201, 220202 or 1123) beside what its documents come to, credits less debits."""

    supplier_id: int
    account: str
    ledger_fen: int
    subledger_fen: int
