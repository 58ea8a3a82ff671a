"""Finance for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

LEDGER = runpy.run_path(str(Path(__file__).with_name("finance_ledger.py")))
# Operations that begin with documents of their own, and are not served from the copy that all others share.
ALONE = LEDGER["BLANK"]
BULK = runpy.run_path(str(Path(__file__).with_name("bulk.py")))
PAST = runpy.run_path(str(Path(__file__).with_name("finance_past.py")))
PURCHASING = runpy.run_path(str(Path(__file__).with_name("finance_purchasing.py")))
# Operations that fit seldom by chance, and get more examples: debit that equals credit.
SELDOM = [
    "createVoucher",
    "createCashSale",
    "acceptReceivable",
    "rejectReceivable",
    "invoiceReceivable",
    "offsetReceivable",
    "createRefund",
    *PURCHASING["SELDOM"],
    *LEDGER["SELDOM"],
]
# Stand-ins for keys that are drawn at random when the document is made; `Server.fill_in` puts the real one in (desk.real).
WEBHOOK = "10000000-0000-4000-8000-000000000005"


def _each(values: list[Any], *places: str) -> dict[str, list[Any]]:
    """The same values for several parameters and members."""
    return dict.fromkeys(places, values)


def _today(world: Any) -> str:
    """The business date of the documents: the middle of the month in which the books open."""
    return str(world.spec.opening.replace(day=15))


def _debtors(world: Any) -> list[int]:
    return sorted({row.customer_id for row in world.finance.opening_receivables})[:2]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {
        **_each(_debtors(world), "path.customer_id", "query.customer_id", "body.customer_id"),
        **_each(_open(world)[:2], "body.allocations[*].receivable_id"),
        "path.receivable_id": [*_open(world)[:2], *_sales_side(world)],
        **_each(_next(world, "receipt", 2), "path.receipt_id", "query.receipt_id", "body.receipt_id"),
        **_each([_today(world)[:7]], "path.period", "query.period"),
        **_each([_today(world)], "body.date", "body.business_date"),
        "body.allocations[*].amount": ["0.01", "1.00"],
        "body.lines[*].net_amount": ["100.00"],
        "body.lines[*].tax_rate": ["0.13"],
        "body.lines[*].tax_amount": ["13.00"],
        "body.lines[*].debit": ["5.00"],
        "body.lines[*].credit": ["5.00"],
        "path.settlement_id": _next(world, "settlement", 1),
        **_each([1, 2], "path.offset_id", "path.write_off_id", "path.cash_sale_id", "path.refund_id"),
        "body.receivable_id": [_sales_side(world)[3]],
        "body.amount": ["0.01", "1.00"],
        **_each(
            [_today(world)],
            *("body.acceptance_date", "body.invoice_date", "body.due_date", "query.as_of", "query.from", "query.to"),
        ),
        "body.lines[*].line_no": [1],
        "body.payments[*].amount": ["113.00"],
        "body.store_code": ["MD01"],
        "path.voucher_id": [1, 2],
        "path.account_code": ["1122", "6001"],
        "body.lines[*].account_code": ["6001", "6602", "100201"],
        "path.webhook_id": [WEBHOOK],
        **BULK["keys"]("customers", "receipts"),
        **PURCHASING["keys"](world),
        **LEDGER["keys"](world, _today(world)),
    }


def _open(world: Any) -> list[int]:
    """Receivables that are open from the beginning, those of the debtors first."""
    debtors = _debtors(world)
    return [id_ for id_, _ in sorted(PAST["open_items"](world), key=lambda item: (item[1] not in debtors, item[0]))]


def _next(world: Any, kind: str, number: int) -> list[int]:
    """The ids of the first documents of a kind that are made here."""
    first = PAST["before"](world)[kind] + 1
    return list(range(first, first + number))


def _sales_side(world: Any) -> list[int]:
    """Receivables that `_prepare_sales_side` makes: two pending, one without its invoice, a red one."""
    return _next(world, "receivable", 4)


def _prepare_sales_side(desk: Desk, world: Any) -> None:
    """Something for each action on receivables: what waits, what has no invoice yet, what is red, written off, sold for cash."""
    customer, today = _debtors(world)[0], _today(world)
    charge = {
        "customer_id": customer,
        "business_date": today,
        "source_reference": {"system": "scm", "document": "XSCK-202601-00001"},
        "lines": [{"description": "电缆", "net_amount": "300.00", "tax_rate": "0.13", "tax_amount": "39.00"}],
    }
    mine = next(id_ for id_, debtor in PAST["open_items"](world) if debtor == customer)
    for _ in range(2):
        desk.post("/receivables", **charge, recognition="on_acceptance")
    unbilled = desk.post("/receivables", **charge, invoiced=False)
    paid = desk.post("/receipts", customer_id=customer, business_date=today, amount="300.00")
    desk.post(
        "/settlements", receipt_id=paid["id"], allocations=[{"receivable_id": unbilled["id"], "amount": "300.00"}]
    )
    desk.post(f"/receivables/{unbilled['id']}/red", reason="退货", lines=[{"line_no": 1, "net_amount": "100.00"}])
    lost = [{"receivable_id": mine, "amount": "1.00"}]
    desk.post("/stores", code="MD01", name="一店")
    for _ in range(2):
        desk.post("/refunds", receipt_id=_next(world, "receipt", 1)[0], amount="1.00", reason="多付")
        desk.post("/write-offs", customer_id=customer, allocations=lost, reason="破产")
        desk.post(
            "/cash-sales",
            store_code="MD01",
            business_date=today,
            payments=[{"method": "cash", "amount": "339.00"}],
            lines=charge["lines"],
        )


def prepare(desk: Desk, world: Any) -> None:
    """The documents behind those keys."""
    desk.webhook(WEBHOOK)
    if not LEDGER["prepare"](desk, world, _today(world)):
        return
    BULK["prepare"](desk, "customers")
    debtors = _debtors(world)
    for customer in (debtors[0], debtors[1], debtors[0]):
        desk.post("/receipts", customer_id=customer, business_date=_today(world), amount="100.00")
    first = next(id_ for id_, debtor in PAST["open_items"](world) if debtor == debtors[0])
    desk.post(
        "/settlements",
        receipt_id=_next(world, "receipt", 3)[2],
        allocations=[{"receivable_id": first, "amount": "1.00"}],
    )
    _prepare_sales_side(desk, world)
    PURCHASING["prepare"](desk, world, _today(world))
