"""What finance has when it opens, for Schemathesis (finance.py and finance_purchasing.py load this file): the ids that a seed gives."""

from __future__ import annotations

from typing import Any


def receivables(world: Any) -> list[str]:
    """The numbers of the receivables in the order of their ids: those of the past year, or what is open of them."""
    if not world.spec.history:
        return [row.number for row in world.finance.opening_receivables]
    sales = sorted(world.sales, key=lambda one: (one.shipped_on, one.receivable_number))
    carried = sorted(world.carried, key=lambda one: (one.business_date, one.receivable_number))
    return [one.receivable_number for one in (*sales, *carried)]


def open_items(world: Any) -> list[tuple[int, int]]:
    """(id, customer) of the receivables that are open."""
    ids = {number: id_ for id_, number in enumerate(receivables(world), 1)}
    return [(ids[row.number], row.customer_id) for row in world.finance.opening_receivables]


def before(world: Any) -> dict[str, int]:
    """How many documents there are of each kind; the next one has the next id."""
    receipts = [receipt for sale in world.sales for receipt in sale.receipts]
    paid = sum(purchase.paid_on is not None for purchase in world.purchases)
    kept = world.spec.history
    return {
        "receivable": len(receivables(world)),
        "receipt": len(receipts) if kept else len(world.finance.opening_receipts),
        "settlement": sum(receipt.settlement_number is not None for receipt in receipts),
        "supplier": len(world.finance.suppliers),
        "payable": len(world.purchases) if kept else len(world.finance.opening_payables),
        "payment": paid,
        "payable_settlement": paid,
    }
