"""O12: receipts are settled (核销) against receivables of the same customer, never beyond the open amount of either.

Offsets of red receivables (红蓝对冲) and write-offs (核销坏账) settle receivables, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.checks import misdirected
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Kind,
    Result,
    money,
    receipt,
    receivable,
    settlement,
)
from shapan.control.oracle.model import Settlement

OVER = Kind("settlement-over")
PARTY = Kind("settlement-party")
DIFFERS = Kind("settlement-differs")


def find(books: Books) -> Result:
    """One comparison per settlement, receivable and receipt."""
    finance = books.finance
    by_receivable: Counter[int] = Counter()
    by_receipt: Counter[int] = Counter()
    for item in finance.settlements:
        for allocation in item.allocations:
            by_receivable[allocation.receivable_id] += allocation.amount_fen
            by_receipt[item.receipt_id] += allocation.amount_fen
    for clearing in finance.clearings:
        by_receivable[clearing.receivable_id] += clearing.amount_fen
    directed = misdirected.find(books)
    sides: list[tuple[Document, str, str, int, int, int]] = [
        (receivable(one.number), "Receivable", "应收单", one.gross_fen, one.settled_fen, by_receivable[one.id])
        for one in finance.receivables
    ]
    sides += [
        (
            receipt(one.number),
            "Receipt",
            "收款单",
            one.amount_fen,
            one.applied_fen,
            by_receipt[one.id],
        )
        for one in finance.receipts
    ]
    return Result(
        (*(settlement(item.number) for item in finance.settlements), *(side[0] for side in sides), *directed.compared),
        (
            *(found for item in finance.settlements for found in _party(books, item)),
            *(found for side in sides for found in _side(*side)),
            *directed.differences,
        ),
    )


def _side(document: Document, en: str, zh: str, total: int, settled: int, allocated: int) -> Iterable[Difference]:
    low, high = min(total, 0), max(total, 0)  # a red receivable is negative, and so is what settles it
    if max(settled, allocated) > high or min(settled, allocated) < low:
        found = settled if settled > high or settled < low else allocated
        yield Difference(
            OVER,
            (document,),
            f"from {money(low)} to {money(high)} settled",
            f"{money(found)} settled",
            f"{en} {document.number} of {money(total)} is settled with {money(found)}.",
            f"{zh} {document.number} 金额为 {money(total)}，却核销了 {money(found)}。",
        )
    if settled != allocated:
        yield Difference(
            DIFFERS,
            (document,),
            f"{money(allocated)} settled, as the settlements say",
            f"{money(settled)} settled",
            f"{en} {document.number} shows {money(settled)} as settled, but its settlements add up to "
            f"{money(allocated)}.",
            f"{zh} {document.number} 显示已核销 {money(settled)}，而核销单合计为 {money(allocated)}。",
        )


def _party(books: Books, item: Settlement) -> Iterable[Difference]:
    paid = books.receipts.get(item.receipt_id)
    for allocation in item.allocations:
        owed = books.receivables.get(allocation.receivable_id)
        if paid is not None and owed is not None and paid.customer_id == owed.customer_id:
            continue
        receipt_number = paid.number if paid else str(item.receipt_id)
        receivable_number = owed.number if owed else str(allocation.receivable_id)
        payer, payer_zh = _name(books, paid.customer_id if paid else None)
        debtor, debtor_zh = _name(books, owed.customer_id if owed else None)
        yield Difference(
            PARTY,
            (settlement(item.number), receipt(receipt_number), receivable(receivable_number)),
            f"a receivable of {payer}",
            f"a receivable of {debtor}",
            f"Settlement {item.number} settles receivable {receivable_number} of {debtor} with receipt "
            f"{receipt_number} of {payer}.",
            f"核销单 {item.number} 用 {payer_zh} 的收款单 {receipt_number} 核销了 {debtor_zh} 的应收单 {receivable_number}。",
        )


def _name(books: Books, customer_id: int | None) -> tuple[str, str]:
    """In English and Chinese; None stands for the customer of a document that does not exist."""
    customer = books.finance_customers.get(customer_id) if customer_id is not None else None
    if customer is not None:
        return (f"{customer.short_name} ({customer_id})",) * 2
    return ("nobody", "不存在的单据") if customer_id is None else (f"customer {customer_id}", f"未知客户 {customer_id}")


CHECK = Check(
    "O12",
    "settlements",
    "Receipts settle receivables of the same customer, those that their bank text names, never beyond the open amount of either.",
    "收款只核销同一客户的应收，摘要写明单据的核销该单据，且不超过任何一方的未核销金额。",
    (OVER, PARTY, DIFFERS, *misdirected.KINDS),
    find,
)
