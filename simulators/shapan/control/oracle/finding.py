"""What a check of the oracle declares (`Check`) and returns (`Result` with immutable `Difference`s)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from shapan.control.oracle.books import Books
from shapan.kernel.money import text_from_fen, text_from_milli

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Document:
    """One document or record (单据): `system` crm, scm or finance, `type` such as sales_order, and its number
    or code there.
    """

    system: str
    type: str
    number: str

    def as_json(self) -> dict[str, str]:
        """{system, type, number}."""
        return {"system": self.system, "type": self.type, "number": self.number}


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
    """The registration of one check: `find` is pure. A `ledger` check always counts, whatever order is asked for."""

    code: str
    name: str
    en: str
    zh: str
    kinds: tuple[Kind, ...]
    find: Callable[[Books], Result]
    ledger: bool = False


def crm_order(number: str) -> Document:
    """A CRM order."""
    return Document("crm", "order", number)


def crm_customer(code: str) -> Document:
    """A CRM customer, by its readable code."""
    return Document("crm", "customer", code)


def sales_order(number: str) -> Document:
    """An SCM sales order."""
    return Document("scm", "sales_order", number)


def delivery(number: str) -> Document:
    """An SCM delivery."""
    return Document("scm", "delivery", number)


def partner(code: str) -> Document:
    """An SCM partner."""
    return Document("scm", "partner", code)


def product(code: str) -> Document:
    """An SCM product."""
    return Document("scm", "product", code)


def warehouse(code: str) -> Document:
    """An SCM warehouse."""
    return Document("scm", "warehouse", code)


def receivable(number: str) -> Document:
    """A finance receivable."""
    return Document("finance", "receivable", number)


def receipt(number: str) -> Document:
    """A finance receipt."""
    return Document("finance", "receipt", number)


def settlement(number: str) -> Document:
    """A finance settlement."""
    return Document("finance", "settlement", number)


def finance_customer(id_: int) -> Document:
    """A finance customer, by its numeric id."""
    return Document("finance", "customer", str(id_))


def money(fen: int) -> str:
    """1234 fen -> "12.34"."""
    return text_from_fen(fen)


def quantity(milli: int) -> str:
    """24000 -> "24"."""
    return text_from_milli(milli)


_STATES_ZH = {
    "draft": "草稿",
    "approved": "已审核",
    "pendingApproval": "待审批",
    "rejected": "已驳回",
    "closed": "已关闭",
    "confirmed": "已确认",
    "shipped": "已发货",
    "cancelled": "已取消",
}


def state_zh(state: str) -> str:
    """A document's state in Chinese."""
    return _STATES_ZH.get(state, state)


def amounts(net_fen: int, tax_fen: int, gross_fen: int) -> str:
    """ "net 884.95, tax 115.04, gross 999.99", for `expected` and `found`."""
    return f"net {money(net_fen)}, tax {money(tax_fen)}, gross {money(gross_fen)}"


def amounts_zh(net_fen: int, tax_fen: int, gross_fen: int) -> str:
    """The same in Chinese: 不含税 884.95、税额 115.04、价税合计 999.99."""
    return f"不含税 {money(net_fen)}、税额 {money(tax_fen)}、价税合计 {money(gross_fen)}"
