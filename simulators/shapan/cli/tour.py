"""The guided tour (导览): one customer and one order, from the CRM through the SCM to finance and back.

The tour plays the people: a salesperson, a warehouse clerk, a cashier. What moves between the systems is left to the integration.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shapan.cli.desk import Desk, wait_for
from shapan.kernel.uscc import complete

LINES = (3, 7)
"""Quantities of the two order lines, in sales units."""


@dataclass(frozen=True)
class Document:
    """A document that appeared: in which system, what it is, its number, and a detail worth showing."""

    system: str
    kind: str
    number: str
    detail: str = ""


@dataclass
class Step:
    """One step: who does what, and what appeared; `missing` says what should have appeared and did not, in both languages."""

    en: str
    zh: str
    run: Callable[[], None] | None = None
    documents: list[Document] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


class Tour:
    """The steps in order. `wait_seconds` is how long the integration gets for each of its parts."""

    def __init__(self, crm: Desk, scm: Desk, finance: Desk, wait_seconds: float) -> None:
        self._crm, self._scm, self._finance = crm, scm, finance
        self._wait_seconds = wait_seconds
        self._run = secrets.token_hex(4)
        self.order_number = ""
        self._order: Any = {}
        self._customer: Any = {}
        self._sales_order: Any = {}
        self._deliveries: list[Any] = []
        self._receivables: list[Any] = []

    def steps(self) -> Iterator[Step]:
        """Each step before it is run; stops after the first one in which something is missing."""
        for en, zh, run in (
            ("Salesperson: a new customer with a contact", "销售员：登记新客户与联系人", self._enter_customer),
            ("Salesperson: an order with two lines, submitted", "销售员：录入两行订单并提交", self._enter_order),
            (
                "Integration: the order reaches the SCM, stock is reserved",
                "集成：订单进入供应链并占用库存",
                self._await_sales_order,
            ),
            ("Warehouse clerk: ships a first part", "仓管员：第一次部分发货", self._ship_part),
            ("Warehouse clerk: ships the rest", "仓管员：发出余下部分", self._ship_rest),
            (
                "Integration: each shipment becomes a receivable with a balanced voucher",
                "集成：每次发货生成应收单和借贷平衡的凭证",
                self._await_receivables,
            ),
            ("Integration: the CRM shows what the customer owes", "集成：CRM 显示客户欠款", self._await_debt),
            ("Cashier: one receipt, settled against both receivables", "出纳：一笔收款核销两张应收单", self._settle),
            (
                "Integration: the customer owes nothing, the order is complete",
                "集成：客户欠款清零，订单完成",
                self._await_end,
            ),
        ):
            step = Step(en, zh)
            self._step = step
            step.run = run
            yield step
            if step.missing:
                return

    def _appeared(self, system: str, kind: str, number: str, detail: str = "") -> None:
        self._step.documents.append(Document(system, kind, number, detail))

    def _enter_customer(self) -> None:
        body = "MAYT" + "".join(secrets.choice("0123456789") for _ in range(4))
        self._customer = self._crm.post(
            "/customers",
            {
                "name": f"北京导览{self._run}科技有限公司",
                "unifiedSocialCreditCode": complete("91", "110108", body),
                "region": "BJ",
                "industry": "IT",
                "paymentTerms": "NET30",
            },
            key=f"tour-customer-{self._run}",
        )
        contact = self._crm.post(
            f"/customers/{self._customer['id']}/contacts", {"name": "林晓"}, key=f"tour-contact-{self._run}"
        )
        self._appeared("CRM", "customer 客户", self._customer["code"], self._customer["name"])
        self._appeared("CRM", "contact 联系人", contact["name"])

    def _enter_order(self) -> None:
        products = self._crm.get("/products", limit=2)["items"]
        lines = [{"productCode": p["code"], "quantity": n} for p, n in zip(products, LINES, strict=True)]
        body = {"customerId": self._customer["id"], "submit": True, "lines": lines}
        self._order = self._crm.post("/orders", body, key=f"tour-order-{self._run}")
        self.order_number = self._order["number"]
        self._appeared(
            "CRM", "order 订单", self.order_number, f"{self._order['grossAmount']:,.2f} CNY, {self._order['state']}"
        )

    def _await_sales_order(self) -> None:
        def look() -> Any:
            items = self._scm.get("/sales-orders", source_document=self.order_number, state="approved")["items"]
            return items[0] if items else None

        found = wait_for(look, self._wait_seconds)
        if found is None:
            order, code = self.order_number, self._customer["code"]
            self._step.missing += [
                (f"Missing in SCM: a sales order for CRM order {order}.", f"SCM 缺少 CRM 订单 {order} 的销售订单。"),
                (
                    f"Missing in SCM, which has nothing to ship: deliveries for {order}.",
                    f"SCM 无可发货，缺少 {order} 的发货单。",
                ),
                (f"Missing in finance: receivables and vouchers for {order}.", f"财务缺少 {order} 的应收单和凭证。"),
                (f"Missing in CRM: the balance of customer {code}.", f"CRM 缺少客户 {code} 的欠款余额。"),
            ]
            return
        self._sales_order = found
        reserved = ", ".join(f"{line['reserved_quantity']} {line['unit']}" for line in found["lines"])
        self._appeared("SCM", "sales order 销售订单", found["sales_order_no"], f"reserved 占用 {reserved}")

    def _ship_part(self) -> None:
        line = self._sales_order["lines"][0]
        half = Decimal(line["quantity"]) // 2 or Decimal(line["quantity"])
        self._ship({"lines": [{"line_no": line["line_no"], "quantity": str(half)}]})

    def _ship_rest(self) -> None:
        self._ship({})

    def _ship(self, lines: dict[str, Any]) -> None:
        number = self._sales_order["sales_order_no"]
        key = f"tour-delivery-{self._run}-{len(self._deliveries)}"
        delivery = self._scm.post("/deliveries", {"sales_order_no": number, **lines}, key=key)
        delivery = self._scm.post(f"/deliveries/{delivery['delivery_no']}/ship", {})
        self._deliveries.append(delivery)
        self._appeared(
            "SCM", "delivery 发货单", delivery["delivery_no"], f"{Decimal(delivery['gross_amount']):,.2f} CNY"
        )

    def _await_receivables(self) -> None:
        for delivery in self._deliveries:
            number = delivery["delivery_no"]

            def look(number: str = number) -> Any:
                items = self._finance.get("/receivables", source_document=number)["items"]
                return items[0] if items else None

            found = wait_for(look, self._wait_seconds)
            if found is None:
                self._step.missing.append(
                    (f"Missing in finance: a receivable for delivery {number}.", f"财务缺少发货单 {number} 的应收单。")
                )
                return
            voucher = self._finance.get(f"/vouchers/{found['voucher_id']}")
            debit = sum(Decimal(line["debit"] or 0) for line in voucher["lines"])
            credit = sum(Decimal(line["credit"] or 0) for line in voucher["lines"])
            self._receivables.append(found)
            self._appeared(
                "finance", "receivable 应收单", found["number"], f"{Decimal(found['gross_amount']):,.2f} CNY"
            )
            self._appeared(
                "finance",
                "voucher 凭证",
                f"{voucher['period']} {voucher['label']}",
                f"借 Dr {debit:,.2f} = 贷 Cr {credit:,.2f}",
            )

    def _balance(self, expected: float) -> Any:
        def look() -> Any:
            balance = self._crm.get(f"/customers/{self._customer['id']}")["balance"]
            return balance if balance and balance["openAmount"] == expected else None

        found = wait_for(look, self._wait_seconds)
        if found is None:
            code = self._customer["code"]
            self._step.missing.append(
                (
                    f"Missing in CRM: the open balance {expected:,.2f} of customer {code}.",
                    f"CRM 未显示客户 {code} 的欠款余额 {expected:,.2f}。",
                )
            )
        return found

    def _await_debt(self) -> None:
        if self._balance(self._order["grossAmount"]):
            self._appeared("CRM", "balance 欠款", self._customer["code"], f"{self._order['grossAmount']:,.2f} CNY")

    def _settle(self) -> None:
        first = self._receivables[0]
        total = sum(Decimal(r["gross_amount"]) for r in self._receivables)
        receipt = self._finance.post(
            "/receipts",
            {"customer_id": first["customer_id"], "business_date": first["business_date"], "amount": str(total)},
            key=f"tour-receipt-{self._run}",
        )
        settlement = self._finance.post(
            "/settlements",
            {
                "receipt_id": receipt["id"],
                "allocations": [{"receivable_id": r["id"], "amount": r["gross_amount"]} for r in self._receivables],
            },
            key=f"tour-settlement-{self._run}",
        )
        self._appeared(
            "finance",
            "receipt 收款单",
            receipt["number"],
            f"{Decimal(receipt['amount']):,.2f} CNY, {receipt['voucher_label']}",
        )
        self._appeared(
            "finance", "settlement 核销单", settlement["number"], f"{Decimal(settlement['amount']):,.2f} CNY"
        )

    def _await_end(self) -> None:
        if not self._balance(0):
            return

        def look() -> Any:
            order = self._crm.get(f"/orders/{self._order['id']}")
            return order if order["deliveryStatus"] == "complete" else None

        order = wait_for(look, self._wait_seconds)
        if order is None:
            self._step.missing.append(
                (
                    f"Missing in CRM: that order {self.order_number} was delivered completely.",
                    f"CRM 订单 {self.order_number} 未显示已全部发货。",
                )
            )
            return
        self._appeared("CRM", "balance 欠款", self._customer["code"], "0.00 CNY")
        self._appeared("CRM", "order 订单", self.order_number, f"delivery {order['deliveryStatus']}")
