"""Facts of returns, stores, production and the value of stock (退货、门店、生产与存货事实) as immutable values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CrmReturnLine:
    """A line of a CRM return, in whole sales units; `line` is that of the order."""

    line: int
    product_code: str
    quantity: int
    unit: str
    net_fen: int
    tax_fen: int


@dataclass(frozen=True, slots=True)
class CrmReturn:
    """A return (退货申请) in state requested, approved, rejected, received or credited."""

    number: str
    state: str
    order_number: str
    customer_id: str
    decided_at: str | None
    received_at: str | None
    credited_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[CrmReturnLine, ...]


@dataclass(frozen=True, slots=True)
class SalesReturnLine:
    """A line of an SCM sales return; `line` is that of the sales order, `source_line` what that follows."""

    line: int
    product_code: str
    quantity_milli: int
    net_fen: int
    tax_fen: int
    gross_fen: int
    source_line: str | int | None = None


@dataclass(frozen=True, slots=True)
class SalesReturn:
    """An SCM sales return (销售退货) in state draft, received or cancelled."""

    number: str
    state: str
    delivery: str
    partner_code: str
    source_system: str | None
    source_document: str | None
    receive_date: str | None
    created_at: str | None
    received_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[SalesReturnLine, ...]


@dataclass(frozen=True, slots=True)
class StoreSaleLine:
    """A line of a sale at a till: whole sales units, and what of them came back."""

    line: int
    product_code: str
    quantity: int
    unit: str
    returned: int = 0


@dataclass(frozen=True, slots=True)
class CrmStoreSale:
    """A sale at a till (门店销售) in state completed or voided, with what was taken back of it."""

    number: str
    state: str
    store_code: str
    business_date: str
    sold_at: str | None
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[StoreSaleLine, ...]
    returned_net_fen: int = 0
    returned_tax_fen: int = 0

    @property
    def amounts(self) -> tuple[int, int, int]:
        """Net, tax and gross of what is left of it; nothing of a voided one."""
        if self.state != "completed":
            return (0, 0, 0)
        net, tax = self.net_fen - self.returned_net_fen, self.tax_fen - self.returned_tax_fen
        return (net, tax, net + tax)


@dataclass(frozen=True, slots=True)
class ScmSaleLine:
    """A line of a store sale in the SCM, in thousandths of the base unit."""

    line: int
    product_code: str
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class ScmStoreSale:
    """A store sale in the SCM (门店销售出库) in state posted or voided: what was used leaves stock."""

    number: str
    state: str
    warehouse_code: str
    business_date: str
    source_system: str | None
    source_document: str | None
    created_at: str | None
    lines: tuple[ScmSaleLine, ...]


@dataclass(frozen=True, slots=True)
class CashSale:
    """A cash sale of finance (现销单) in state posted or reversed."""

    number: str
    state: str
    store_code: str
    source_system: str | None
    source_document: str | None
    business_date: str
    period: str
    net_fen: int
    tax_fen: int
    gross_fen: int
    posted_at: str | None


@dataclass(frozen=True, slots=True)
class ProductionOrder:
    """A production order of the SCM (生产订单)."""

    number: str
    state: str
    product_code: str
    quantity_milli: int
    sales_order: str | None
    source_document: str | None
    created_at: str | None


@dataclass(frozen=True, slots=True)
class ProductionPosting:
    """Material issued (issue) or returned (return), or finished goods received (receipt), for a production order.

    `conversion_fen` is labour and overhead of a receipt.
    """

    number: str
    kind: str
    production_order: str
    business_date: str
    created_at: str | None
    conversion_fen: int = 0


@dataclass(frozen=True, slots=True)
class ValueChange:
    """What a document of the SCM changed of the value of stock by one kind of movement; negative when goods left."""

    document: str
    kind: str
    business_date: str
    created_at: str | None
    value_fen: int


@dataclass(frozen=True, slots=True)
class StockValue:
    """What the company has of a product at the moving average (移动加权平均), goods between two warehouses included."""

    product_code: str
    quantity_milli: int
    value_fen: int
    opening_fen: int
    movements_fen: int


@dataclass(frozen=True, slots=True)
class InventoryDocument:
    """An inventory document of finance (存货核算单); `reverses` is the number of the one that it takes back, then its amount is negative."""

    number: str
    kind: str
    store_code: str | None
    source_system: str | None
    source_document: str | None
    business_date: str
    period: str
    amount_fen: int
    posted_at: str | None
    reverses: str | None = None


@dataclass(frozen=True, slots=True)
class InventoryAccount:
    """A product on the accounts of stock (1403, 1405) and what of it came in without an invoice; '' stands for no product."""

    product_code: str
    ledger_fen: int
    uninvoiced_fen: int


@dataclass(frozen=True, slots=True)
class Period:
    """An accounting period (会计期间), open or locked; `closed_at` is when it was last closed."""

    period: str
    state: str
    closed_at: str | None = None


@dataclass(frozen=True, slots=True)
class UntoldValue:
    """What other receipts and issues, of which no event tells, changed of the value of a product's stock in this run."""

    product_code: str
    value_fen: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer between two warehouses (调拨单)."""

    number: str
    state: str
    from_warehouse_code: str
    to_warehouse_code: str
    sent_at: str | None
    received_at: str | None


@dataclass(frozen=True, slots=True)
class StockCount:
    """A stock count (盘点单)."""

    number: str
    state: str
    warehouse_code: str
    posted_at: str | None


@dataclass(frozen=True, slots=True)
class CostAdjustment:
    """An adjustment of the cost of a goods receipt (入库成本调整单)."""

    number: str
    goods_receipt: str
    adjustment_date: str
    created_at: str | None
