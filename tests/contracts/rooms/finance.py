"""Finance for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

# Operations that fit seldom by chance, and get more examples: debit that equals credit.
SELDOM = ["createVoucher"]
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
        **_each([1, 2], "path.receivable_id", "body.allocations[*].receivable_id"),
        **_each([1, 2], "path.receipt_id", "query.receipt_id", "body.receipt_id"),
        **_each([_today(world)[:7]], "path.period", "query.period"),
        **_each([_today(world)], "body.date", "body.business_date"),
        "body.allocations[*].amount": ["0.01", "1.00"],
        "body.lines[*].net_amount": ["100.00"],
        "body.lines[*].tax_rate": ["0.13"],
        "body.lines[*].tax_amount": ["13.00"],
        "body.lines[*].debit": ["5.00"],
        "body.lines[*].credit": ["5.00"],
        "path.settlement_id": [1],
        "path.voucher_id": [1],
        "path.account_code": ["1122", "6001"],
        "body.lines[*].account_code": ["6001", "6602", "100201"],
        "path.webhook_id": [WEBHOOK],
    }


def prepare(desk: Desk, world: Any) -> None:
    """The documents behind those keys."""
    desk.webhook(WEBHOOK)
    debtors = _debtors(world)
    for customer in (debtors[0], debtors[1], debtors[0]):
        desk.post("/receipts", customer_id=customer, business_date=_today(world), amount="100.00")
    first = next(n for n, row in enumerate(world.finance.opening_receivables, 1) if row.customer_id == debtors[0])
    desk.post("/settlements", receipt_id=3, allocations=[{"receivable_id": first, "amount": "1.00"}])
