"""The oracle (对账): pure functions that compare the facts of the three systems and name every difference.

`reconcile` runs the registered checks over one set of books. It reads nothing and changes nothing:
`shapan.control.facts` makes the books, `shapan.control.operations` asks and answers over HTTP. docs/oracle.md
describes each check and each code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shapan.control.oracle.books import Books
from shapan.control.oracle.chain import Scope, Unknown, scope_of
from shapan.control.oracle.checks import CHECKS
from shapan.control.oracle.delays import Delay, delays_of, passages_of
from shapan.control.oracle.finding import Check, Difference, Document, Result

__all__ = ["CHECKS", "Books", "Check", "Difference", "Result", "Unknown", "Verdict", "reconcile"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Each check with its result, in the order of their registration."""

    results: tuple[tuple[Check, Result], ...]
    delays: tuple[Delay, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no check found an error; warnings do not count."""
        return not any(found.kind.severity == "error" for found in self.differences)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences."""
        return tuple(found for _, result in self.results for found in result.differences)


def reconcile(
    books: Books,
    *,
    order: str | None = None,
    orders: Sequence[str] = (),
    documents: Sequence[str] = (),
    since: datetime | None = None,
    deadline: float | None = None,
) -> Verdict:
    """Compare the books.

    `orders` (CRM order numbers; `order` is one more) and `documents` (numbers of documents and codes of records) keep what is about their
    chains, their customers, suppliers and products, and what finance says of its own ledger; Unknown when nobody knows one of them.
    `since` (aware) leaves out what is about an older document; states such as balances and stock always count.
    `deadline` (seconds of simulated time) makes every link that took longer an error.
    """
    wanted = (*((order,) if order else ()), *orders)
    scope = scope_of(books, wanted, documents) if wanted or documents else None
    keep = _keeping(books, scope, since)
    results = []
    for check in CHECKS:
        result = _result(books, check, deadline)
        counts = _always(keep) if check.ledger else keep
        compared = tuple(document for document in result.compared if counts(document))
        results.append((check, Result(compared, tuple(found for found in result.differences if counts(found.subject)))))
    passages = [passage for passage in passages_of(books) if keep(passage.document)]
    return Verdict(tuple(results), delays_of(passages, deadline))


def _result(books: Books, check: Check, deadline: float | None) -> Result:
    if check.timed is not None:
        return check.timed(books, deadline)
    if check.code not in books.results:
        books.results[check.code] = check.find(books)
    found: Result = books.results[check.code]
    return found


def _keeping(books: Books, scope: Scope | None, since: datetime | None) -> Callable[[Document], bool]:
    steps = books.graph.steps if since is not None else {}

    def keep(document: Document) -> bool:
        if scope is not None and document not in scope.documents:
            # What finance has of a product against what the SCM has: others move it too, so it counts only where it was asked for.
            return document.type == "inventory_account" and document.number in scope.valued
        at = steps[document].at if document in steps else None
        return since is None or at is None or datetime.fromisoformat(at) >= since

    return keep


def _always(keep: Callable[[Document], bool]) -> Callable[[Document], bool]:
    """What finance says of its own books counts for everybody: it is right after every transaction, whatever others are about."""
    return lambda document: document.type != "inventory_account" or keep(document)
