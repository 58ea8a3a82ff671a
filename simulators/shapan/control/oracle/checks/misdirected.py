"""O12, second half: a receipt whose bank text (银行摘要) names documents settles these and no others (按摘要核销).

Recognised are numbers of CRM orders, SCM deliveries and receivables anywhere in the text. Money that is left over when all that is named is settled
is nobody's mistake.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import Difference, Kind, Result, money, receipt, receivable
from shapan.control.oracle.model import Receipt, Receivable, Settlement

MISDIRECTED = Kind("settlement-misdirected")
MISSING = Kind("settlement-missing")
KINDS = (MISDIRECTED, MISSING)

_NUMBER = re.compile(r"(?:ORD|XSCK|YS)-\d{6}-\d{5,}")


def find(books: Books) -> Result:
    """One comparison per receipt that names a document."""
    names = _names(books)
    naming = [(paid, named) for paid in books.finance.receipts if not paid.reversed and (named := _named(names, paid))]
    return Result(
        tuple(receipt(paid.number) for paid, _ in naming),
        tuple(found for paid, named in naming for found in _of(books, paid, named)),
    )


def _names(books: Books) -> Mapping[tuple[int, str], list[Receivable]]:
    """(customer, name) -> the receivables that it names: by their own number, their delivery or their order."""
    found: defaultdict[tuple[int, str], list[Receivable]] = defaultdict(list)
    for item in books.finance.receivables:
        if item.red_of is not None or not item.recognised:
            continue
        source = books.links.delivery_of(item)
        order = books.links.order_of_delivery(source) if source else None
        for name in {item.number, item.source_document, item.order_reference, order.number if order else None}:
            if name:
                found[item.customer_id, name].append(item)
    return found


def _named(names: Mapping[tuple[int, str], list[Receivable]], paid: Receipt) -> list[Receivable]:
    """The receivables of the payer that the text of a receipt names, oldest first."""
    numbers = set(_NUMBER.findall(paid.bank_reference or "")) if not paid.opening else set()
    found = {item.id: item for number in numbers for item in names.get((paid.customer_id, number), ())}
    return [found[id_] for id_ in sorted(found)]


def _was_there(item: Receivable, one: Settlement) -> bool:
    if item.posted_at is None or one.posted_at is None:
        return True
    return datetime.fromisoformat(item.posted_at) <= datetime.fromisoformat(one.posted_at)


def _of(books: Books, paid: Receipt, named: list[Receivable]) -> Iterable[Difference]:
    wanted = {item.id for item in named}
    waiting = [item for item in named if item.open_fen > 0]
    settled: dict[int, int] = {}
    for one in books.links.settlements_with(paid):
        # Before anything that is open now was billed, the money was left over.
        if not any(_was_there(item, one) for item in waiting):
            continue
        for part in one.allocations:
            settled[part.receivable_id] = settled.get(part.receivable_id, 0) + part.amount_fen
    strange = [
        books.receivables[id_]
        for id_, fen in settled.items()
        if fen > 0 and id_ not in wanted and id_ in books.receivables
    ]
    names = ", ".join(item.number for item in waiting)
    if strange and waiting:
        others = ", ".join(item.number for item in strange)
        fen = sum(settled[item.id] for item in strange)
        yield Difference(
            MISDIRECTED,
            (receipt(paid.number), *(receivable(item.number) for item in (*strange, *waiting))),
            f"settles {names}",
            f"settles {others} with {money(fen)}",
            f"Receipt {paid.number} says that it pays {names} ({paid.bank_reference}), but {money(fen)} of it settled {others}.",
            f"收款单 {paid.number} 的摘要写明支付 {names}（{paid.bank_reference}），却有 {money(fen)} 核销了 {others}。",
        )
    elif waiting and paid.unapplied_fen > 0:
        fen = min(paid.unapplied_fen, sum(item.open_fen for item in waiting))
        yield Difference(
            MISSING,
            (receipt(paid.number), *(receivable(item.number) for item in waiting)),
            f"{money(fen)} settled against {names}",
            f"{money(paid.unapplied_fen)} unapplied",
            f"Receipt {paid.number} says that it pays {names} ({paid.bank_reference}), but {money(paid.unapplied_fen)} of it is unapplied.",
            f"收款单 {paid.number} 的摘要写明支付 {names}（{paid.bank_reference}），但仍有 {money(paid.unapplied_fen)} 未核销。",
        )
