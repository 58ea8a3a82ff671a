"""O8: the balance and overdue amount (应收余额与逾期金额) that the CRM shows for a customer are those of finance.

Looked at are the CRM customers with a stored balance, and those whose company had receivables or receipts in finance
in this run. When a company stands in the CRM more than once, those records count that ordered; if none did, all of
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import Check, Difference, Kind, Result, crm_customer, finance_customer, money
from shapan.control.oracle.model import CrmCustomer

STALE = Kind("credit-stale")


def find(books: Books) -> Result:
    """One comparison per CRM customer concerned."""
    concerned = [(customer, books.parties.finance_of(customer.id)) for customer in _concerned(books)]
    return Result(
        tuple(crm_customer(customer.code) for customer, _ in concerned),
        tuple(difference for customer, ids in concerned for difference in _of(books, customer, ids)),
    )


def _concerned(books: Books) -> Iterable[CrmCustomer]:
    finance = books.finance
    active = {item.customer_id for item in finance.receivables if not item.opening}
    active |= {item.customer_id for item in finance.receipts if not item.opening}
    # What came in before may be settled in this run.
    active |= {
        books.receipts[item.receipt_id].customer_id
        for item in finance.settlements
        if not item.opening and item.receipt_id in books.receipts
    }
    ordered = {order.customer_id for order in books.crm.orders if order.state == "confirmed"}
    records: defaultdict[int, list[CrmCustomer]] = defaultdict(list)
    chosen = {customer.id for customer in books.crm.customers if customer.open_fen is not None}
    if active:
        for customer in books.crm.customers:
            for id_ in active.intersection(books.parties.finance_of(customer.id)):
                records[id_].append(customer)
    for customers in records.values():
        busy = [customer for customer in customers if customer.id in ordered]
        if busy or not any(customer.id in chosen for customer in customers):
            chosen.update(customer.id for customer in busy or customers)
    return [customer for customer in books.crm.customers if customer.id in chosen]


def _of(books: Books, customer: CrmCustomer, ids: tuple[int, ...]) -> Iterable[Difference]:
    there = [books.finance_customers[id_] for id_ in ids]
    expected = (sum(one.open_fen for one in there), sum(one.overdue_fen for one in there))
    shown = (customer.open_fen, customer.overdue_fen)
    if shown == expected:
        return
    want = f"open {money(expected[0])}, overdue {money(expected[1])}"
    want_zh = f"余额 {money(expected[0])}、逾期 {money(expected[1])}"
    if customer.open_fen is None:
        have, have_zh = "no balance", "无余额"
    else:
        have = f"open {money(customer.open_fen)}, overdue {money(customer.overdue_fen or 0)}"
        have_zh = f"余额 {money(customer.open_fen)}、逾期 {money(customer.overdue_fen or 0)}"
    name = f"{customer.code} {customer.name}"
    yield Difference(
        STALE,
        (crm_customer(customer.code), *map(finance_customer, ids)),
        want,
        have,
        f"CRM customer {name} shows {have}, but finance has {want}.",
        f"CRM 客户 {name} 显示{have_zh}，而财务为{want_zh}。",
    )


CHECK = Check(
    "O8",
    "credit",
    "The open and overdue amounts that the CRM shows for a customer are those of finance.",
    "CRM 中客户的应收余额与逾期金额同财务一致。",
    (STALE,),
    find,
)
