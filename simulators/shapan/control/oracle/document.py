"""How the oracle names documents and writes amounts (单据与金额的写法)."""

from __future__ import annotations

from dataclasses import dataclass

from shapan.kernel.money import text_from_fen, text_from_milli


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


def crm_order(number: str) -> Document:
    """A CRM order."""
    return Document("crm", "order", number)


def crm_customer(code: str) -> Document:
    """A CRM customer, by its readable code."""
    return Document("crm", "customer", code)


def crm_return(number: str) -> Document:
    """A return in the CRM."""
    return Document("crm", "return", number)


def crm_store_sale(number: str) -> Document:
    """A sale at a till in the CRM."""
    return Document("crm", "store_sale", number)


def sales_order(number: str) -> Document:
    """An SCM sales order."""
    return Document("scm", "sales_order", number)


def delivery(number: str) -> Document:
    """An SCM delivery."""
    return Document("scm", "delivery", number)


def sales_return(number: str) -> Document:
    """An SCM sales return."""
    return Document("scm", "sales_return", number)


def partner(code: str) -> Document:
    """An SCM partner."""
    return Document("scm", "partner", code)


def product(code: str) -> Document:
    """An SCM product."""
    return Document("scm", "product", code)


def warehouse(code: str) -> Document:
    """An SCM warehouse."""
    return Document("scm", "warehouse", code)


def scm(type_: str, number: str) -> Document:
    """Any other document of the SCM."""
    return Document("scm", type_, number)


def finance(type_: str, number: str) -> Document:
    """Any other document of finance."""
    return Document("finance", type_, number)


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


def finance_supplier(id_: int) -> Document:
    """A finance supplier, by its numeric id."""
    return Document("finance", "supplier", str(id_))


def money(fen: int) -> str:
    """1234 fen -> "12.34"."""
    return text_from_fen(fen)


def quantity(milli: int) -> str:
    """24000 -> "24"."""
    return text_from_milli(milli)


def amounts(net_fen: int, tax_fen: int, gross_fen: int) -> str:
    """ "net 884.95, tax 115.04, gross 999.99", for `expected` and `found`."""
    return f"net {money(net_fen)}, tax {money(tax_fen)}, gross {money(gross_fen)}"


def amounts_zh(net_fen: int, tax_fen: int, gross_fen: int) -> str:
    """The same in Chinese: 不含税 884.95、税额 115.04、价税合计 999.99."""
    return f"不含税 {money(net_fen)}、税额 {money(tax_fen)}、价税合计 {money(gross_fen)}"


_STATES_ZH = {
    "draft": "草稿",
    "approved": "已审核",
    "pendingApproval": "待审批",
    "requested": "待审批",
    "rejected": "已驳回",
    "closed": "已关闭",
    "confirmed": "已确认",
    "shipped": "已发货",
    "cancelled": "已取消",
    "received": "已收货",
    "credited": "已红冲",
    "posted": "已过账",
    "voided": "已作废",
    "completed": "已完成",
    "mismatched": "待处理差异",
}


def state_zh(state: str) -> str:
    """A document's state in Chinese."""
    return _STATES_ZH.get(state, state)
