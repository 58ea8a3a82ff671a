"""What a check of the oracle declares (`Check`) and returns (`Result` with immutable `Difference`s)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from shapan.control.oracle.books import Books
from shapan.control.oracle.document import (
    Document,
    amounts,
    amounts_zh,
    crm_customer,
    crm_order,
    crm_return,
    crm_store_sale,
    delivery,
    finance,
    finance_customer,
    finance_supplier,
    money,
    partner,
    product,
    quantity,
    receipt,
    receivable,
    sales_order,
    sales_return,
    scm,
    settlement,
    state_zh,
    warehouse,
)

__all__ = [
    "Check",
    "Difference",
    "Document",
    "Kind",
    "Result",
    "Severity",
    "amounts",
    "amounts_zh",
    "crm_customer",
    "crm_order",
    "crm_return",
    "crm_store_sale",
    "delivery",
    "finance",
    "finance_customer",
    "finance_supplier",
    "money",
    "partner",
    "product",
    "quantity",
    "receipt",
    "receivable",
    "sales_order",
    "sales_return",
    "scm",
    "settlement",
    "state_zh",
    "warehouse",
]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference: its code, e.g. "order-missing", and how grave it is."""

    code: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference (差异). The first of `documents` is its subject: what it is about, and what `order=` and
    `since=` go by.
    """

    kind: Kind
    documents: tuple[Document, ...]
    expected: str
    found: str
    en: str
    zh: str

    @property
    def subject(self) -> Document:
        """The document that the difference is about."""
        return self.documents[0]

    def as_json(self, check: str) -> dict[str, Any]:
        """As the control contract shows it."""
        return {
            "code": self.kind.code,
            "check": check,
            "severity": self.kind.severity,
            "documents": [document.as_json() for document in self.documents],
            "expected": self.expected,
            "found": self.found,
            "en": self.en,
            "zh": self.zh,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """What a check looked at (one subject each) and what it found."""

    compared: tuple[Document, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """The registration of one check: `find` is pure. A `ledger` check always counts, whatever is asked for. One that goes by a deadline has
    `timed`, which takes it in seconds, or None.
    """

    code: str
    name: str
    en: str
    zh: str
    kinds: tuple[Kind, ...]
    find: Callable[[Books], Result]
    ledger: bool = False
    timed: Callable[[Books, float | None], Result] | None = None
