"""The oracle (对账): pure functions that compare the facts of the three systems and name every difference.

`reconcile` runs the registered checks over one set of books. It reads nothing and changes nothing:
`shapan.control.facts` makes the books, `shapan.control.operations` asks and answers over HTTP. docs/oracle.md
describes each check and each code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shapan.control.oracle.books import Books
from shapan.control.oracle.chain import scope_of_order
from shapan.control.oracle.checks import CHECKS
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Result,
    crm_order,
    delivery,
    receipt,
    receivable,
    sales_order,
    settlement,
)

__all__ = ["CHECKS", "Books", "Check", "Difference", "Result", "UnknownOrder", "Verdict", "reconcile"]


class UnknownOrder(LookupError):
    """The CRM has no order with the number that was asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Each check with its result, in the order of their registration."""

    results: tuple[tuple[Check, Result], ...]

    @property
    def ok(self) -> bool:
        """Whether no check found an error; warnings do not count."""
        return not any(found.kind.severity == "error" for found in self.differences)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences."""
        return tuple(found for _, result in self.results for found in result.differences)


def reconcile(books: Books, *, order: str | None = None, since: datetime | None = None) -> Verdict:
    """Compare the books.

    `order` (a CRM order number; UnknownOrder when there is none) keeps what is about its chain, its customer and its
    products, and the ledger checks. `since` (aware) leaves out what is about an older document; states such as
    balances and stock always count.
    """
    keep = _scope(books, order, since)
    results = []
    for check in CHECKS:
        result = check.find(books)
        if not check.ledger:
            result = Result(
                tuple(document for document in result.compared if keep(document)),
                tuple(found for found in result.differences if keep(found.subject)),
            )
        results.append((check, result))
    return Verdict(tuple(results))


def _scope(books: Books, order: str | None, since: datetime | None) -> Callable[[Document], bool]:
    wanted = None
    if order is not None:
        if order not in books.links.orders:
            raise UnknownOrder(order)
        wanted = scope_of_order(books, books.links.orders[order])
    times = _times(books) if since is not None else {}

    def keep(document: Document) -> bool:
        if wanted is not None and document not in wanted:
            return False
        at = times.get(document)
        return since is None or at is None or datetime.fromisoformat(at) >= since

    return keep


def _times(books: Books) -> dict[Document, str | None]:
    """When each document began to count."""
    return {
        **{crm_order(order.number): order.confirmed_at for order in books.crm.orders},
        **{sales_order(order.number): order.created_at for order in books.scm.sales_orders},
        **{delivery(item.number): item.shipped_at for item in books.scm.deliveries},
        **{receivable(item.number): item.posted_at for item in books.finance.receivables},
        **{receipt(item.number): item.posted_at for item in books.finance.receipts},
        **{settlement(item.number): item.posted_at for item in books.finance.settlements},
    }
