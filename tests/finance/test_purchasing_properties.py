"""Random purchasing, right and wrong, through the operations themselves: payables, prepayments and accruals stay what the ledger says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shapan.finance.closing import Work, checks, goods_received_not_invoiced
from shapan.finance.operations import (
    goods_receipts,
    inventory_documents,
    payable_settlements,
    payables,
    payments,
    periods,
    purchase_returns,
    supplier_invoices,
    suppliers,
)
from shapan.finance.store import accruals as accrual_store
from shapan.finance.store import masters as master_store
from shapan.finance.store import payables as payable_store
from shapan.kernel.errors import Problem
from shapan.kernel.money import fen_from_text, milli_from_text, split_net, text_from_fen, text_from_milli

TODAY = date(2026, 11, 24)
PERIODS = ("2026-10", "2026-11", "2026-12")
LAST = "9999-12"
DAYS = st.integers(-54, 7).map(lambda days: TODAY + timedelta(days=days))
QUANTITIES = st.integers(1, 40_000)
KINDS = st.sampled_from(["sales_cost", "sales_return_cost", "count_loss", "count_gain", "cost_adjustment"])


class Purchasing(RuleBasedStateMachine):
    """A purchasing clerk's day with two suppliers. What is known of the books is asked of the documents, never of the ledger."""

    new_books: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.books = self.new_books()
        self.serial = 0
        self.stock = 0
        self.receipts: list[int] = []
        self.invoices: list[int] = []
        self.payments: list[int] = []
        self.settlements: list[int] = []
        for name in ("恒达电缆", "永固五金"):
            self.books.do(suppliers.create_supplier, body={"short_name": name})
        for code in ("CAB-1", "BLT-1"):
            item = {"code": code, "name": code, "unit": "件", "category": "库存商品", "created_at": "2026-11-24"}
            master_store.insert_item(self.books.db, item)

    def teardown(self) -> None:
        self.books.db.close()

    @initialize()
    def begin_with_something_owed(self) -> None:
        for supplier in (1, 2):
            self.receive(supplier, TODAY, 30_000, 100_000, "CAB-1")
            made = self.enter_invoice(self.receipts[-1], TODAY, 2, 0, "special", 0)
            assert made is not None
            assert made["state"] == "matched"
            self.keep(made)

    def attempt(self, operation: Callable[..., Any], **arguments: Any) -> dict[str, Any] | None:
        """The answer's body, or None when it was refused, which must have left nothing behind."""
        before = [tuple(row) for row in self.books.db.execute("SELECT series, last FROM shapan_number ORDER BY series")]
        try:
            return dict(self.books.do(operation, **arguments))
        except Problem:
            after = self.books.db.execute("SELECT series, last FROM shapan_number ORDER BY series")
            assert [tuple(row) for row in after] == before
            return None

    def source(self) -> dict[str, str]:
        self.serial += 1
        return {"system": "scm", "document": f"DOC-{self.serial}"}

    def number(self) -> str:
        self.serial += 1
        return f"{self.serial:020}"

    @rule(
        supplier=st.sampled_from([1, 2]),
        day=DAYS,
        quantity=QUANTITIES,
        price=st.integers(1, 999_999),
        product=st.sampled_from(["CAB-1", "BLT-1"]),
    )
    def receive(self, supplier: int, day: date, quantity: int, price: int, product: str) -> None:
        line = {
            "product_code": product,
            "quantity": text_from_milli(quantity),
            "unit_price": f"{price / 10000:.4f}",
            "tax_rate": "0.13",
        }
        made = self.attempt(
            goods_receipts.create_goods_receipt,
            body={
                "supplier_id": supplier,
                "business_date": day.isoformat(),
                "source_reference": self.source(),
                "lines": [line],
            },
        )
        assert made is not None
        self.receipts.append(made["id"])

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), day=DAYS, part=st.integers(1, 4))
    def send_back(self, data: st.DataObject, day: date, part: int) -> None:
        receipt = self.receipt(data)
        quantity = max(1, milli_from_text(receipt["lines"][0]["quantity"]) // part)
        self.attempt(
            purchase_returns.create_purchase_return,
            body={
                "supplier_id": receipt["supplier_id"],
                "business_date": day.isoformat(),
                "source_reference": self.source(),
                "lines": [
                    {
                        "goods_receipt_id": receipt["id"],
                        "goods_receipt_line_no": 1,
                        "quantity": text_from_milli(quantity),
                    }
                ],
            },
        )

    @precondition(lambda self: self.receipts)
    @rule(
        data=st.data(),
        day=DAYS,
        part=st.integers(1, 3),
        slip=st.sampled_from([0, 0, 0, 700, -300]),
        kind=st.sampled_from(["special", "special", "ordinary"]),
        to_cost=st.sampled_from([0, 0, 1, 2]),
        decision=st.sampled_from(["release", "cancel", "match"]),
    )
    def invoice(
        self, data: st.DataObject, day: date, part: int, slip: int, kind: str, to_cost: int, decision: str
    ) -> None:
        made = self.enter_invoice(self.receipt(data)["id"], day, part, slip, kind, (slip * to_cost) // 2)
        if made is not None and made["state"] == "mismatched":
            assert made["differences"]
            assert made["voucher_id"] is None
            if decision == "cancel":
                body = {"reason": "单价开错"}
                made = self.attempt(
                    supplier_invoices.cancel_supplier_invoice, supplier_invoice_id=made["id"], body=body
                )
            elif decision == "release":
                body = {"reason": "供应商涨价", "released_by": "财务主管"}
                made = self.attempt(
                    supplier_invoices.release_supplier_invoice, supplier_invoice_id=made["id"], body=body
                )
            else:
                made = self.attempt(supplier_invoices.match_supplier_invoice, supplier_invoice_id=made["id"], body={})
        if made is not None and made["voucher_id"] is not None:
            self.keep(made)

    @precondition(lambda self: self.invoices)
    @rule(data=st.data(), part=st.integers(0, 3))
    def take_invoice_back(self, data: st.DataObject, part: int) -> None:
        blue = self.books.do(
            supplier_invoices.get_supplier_invoice,
            supplier_invoice_id=data.draw(st.sampled_from(self.invoices)),
        )
        body: dict[str, Any] = {"invoice_number": self.number(), "invoice_date": "2026-11-02", "reason": "退货"}
        if part:
            quantity = max(1, milli_from_text(blue["lines"][0]["quantity"]) // part)
            body["lines"] = [{"line_no": 1, "quantity": text_from_milli(quantity)}]
        made = self.attempt(supplier_invoices.red_supplier_invoice, supplier_invoice_id=blue["id"], body=body)
        if made is not None:
            assert made["red"]
            self.take_into_stock(made)

    @rule(
        supplier=st.sampled_from([1, 2]),
        day=DAYS,
        amount=st.integers(1, 500_000),
        kind=st.sampled_from(["payment", "prepayment"]),
        data=st.data(),
    )
    def pay(self, supplier: int, day: date, amount: int, kind: str, data: st.DataObject) -> None:
        made = self.attempt(
            payments.create_payment,
            body={
                "supplier_id": supplier,
                "business_date": day.isoformat(),
                "amount": text_from_fen(amount),
                "kind": kind,
            },
        )
        assert made is not None
        self.payments.append(made["id"])
        if self.invoices:  # most payments settle something at once
            self.settle(data, False, True)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), really=st.sampled_from([False, False, True]))
    def take_payment_back(self, data: st.DataObject, really: bool) -> None:
        if not really:  # else nothing would be left to settle with
            return
        chosen = data.draw(st.sampled_from(self.payments))
        made = self.attempt(payments.reverse_payment, payment_id=chosen, body={"reason": "银行退回"})
        if made is not None:
            self.payments.append(made["id"])

    @precondition(lambda self: self.invoices and self.payments)
    @rule(data=st.data(), by_red=st.booleans(), fits=st.sampled_from([True, True, False]))
    def settle_again(self, data: st.DataObject, by_red: bool, fits: bool) -> None:
        self.settle(data, by_red, fits)

    def settle(self, data: st.DataObject, by_red: bool, fits: bool) -> None:
        listed = self.books.do(
            payables.list_payables, changed_since=0, limit=500, supplier_id=None, state=None, invoice_number=None
        )["items"]
        chosen = data.draw(st.sampled_from([item for item in listed if not item["red"]]))
        # Mostly sources of the same supplier of which something is left; now and then any.
        sources = [
            {"id": item["id"], "rest": -fen_from_text(item["open_amount"]), "supplier_id": item["supplier_id"]}
            for item in listed
            if item["red"]
        ]
        if not by_red or not sources:
            paid = [self.books.do(payments.get_payment, payment_id=each) for each in self.payments]
            sources = [
                {"id": item["id"], "rest": fen_from_text(item["unapplied_amount"]), "supplier_id": item["supplier_id"]}
                for item in paid
            ]
            by_red = False
        useful = [each for each in sources if each["rest"] and each["supplier_id"] == chosen["supplier_id"]]
        source = data.draw(st.sampled_from(useful if fits and useful else sources))
        amount = min(source["rest"], fen_from_text(chosen["open_amount"])) if fits else source["rest"] + 1
        body = {
            "red_payable_id" if by_red else "payment_id": source["id"],
            "allocations": [{"payable_id": chosen["id"], "amount": text_from_fen(max(1, amount))}],
        }
        made = self.attempt(payable_settlements.create_payable_settlement, body=body)
        right = source["supplier_id"] == chosen["supplier_id"] and 0 < amount <= source["rest"]
        assert (made is not None) == (right and amount <= fen_from_text(chosen["open_amount"]))
        if made is not None:
            self.settlements.append(made["id"])

    @precondition(lambda self: self.settlements)
    @rule(data=st.data())
    def unsettle(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.settlements))
        self.attempt(
            payable_settlements.reverse_payable_settlement, payable_settlement_id=chosen, body={"reason": "核销错单"}
        )

    @rule(kind=KINDS, day=DAYS, amount=st.integers(1, 90_000), undo=st.booleans())
    def move_stock(self, kind: str, day: date, amount: int, undo: bool) -> None:
        body = {
            "kind": kind,
            "business_date": day.isoformat(),
            "source_reference": self.source(),
            "lines": [{"product_code": "CAB-1", "amount": text_from_fen(amount)}],
        }
        made = self.attempt(inventory_documents.create_inventory_document, body=body)
        assert made is not None
        self.stock += amount if kind in ("sales_return_cost", "count_gain") else -amount
        if undo:
            back = self.attempt(
                inventory_documents.reverse_inventory_document,
                inventory_document_id=made["id"],
                body={"reason": "出库作废"},
            )
            assert back is not None
            self.stock -= amount if kind in ("sales_return_cost", "count_gain") else -amount

    @rule(period=st.sampled_from(PERIODS[:2]))
    def accrue(self, period: str) -> None:
        step = goods_received_not_invoiced.STEP
        self.books.db.execute("BEGIN IMMEDIATE")
        step.run(Work(self.books.db, period, "2026-11-24T09:30:00.000+08:00", "tests"))
        self.books.db.execute("COMMIT")
        assert step.pending(self.books.db, period) == []
        # What 220202 shows now is what came in and is not invoiced at the end of that period, by supplier.
        expected: dict[int, int] = {}
        for line in accrual_store.received_by(self.books.db, period):
            expected[line.supplier_id] = expected.get(line.supplier_id, 0) + line.open_net
        assert self.ledger("220202", period) == {key: value for key, value in expected.items() if value}

    def receipt(self, data: st.DataObject) -> dict[str, Any]:
        chosen = data.draw(st.sampled_from(self.receipts))
        return dict(self.books.do(goods_receipts.get_goods_receipt, goods_receipt_id=chosen))

    def enter_invoice(
        self, receipt_id: int, day: date, part: int, slip: int, kind: str, to_cost: int
    ) -> dict[str, Any] | None:
        """An invoice for one of `part` parts of a receipt, `slip` fen off the ordered price."""
        receipt = self.books.do(goods_receipts.get_goods_receipt, goods_receipt_id=receipt_id)
        line = receipt["lines"][0]
        quantity = max(1, milli_from_text(line["quantity"]) // part)
        net = max(1, fen_from_text(line["net_amount"]) // part + slip)
        named = {
            "goods_receipt_id": receipt["id"],
            "goods_receipt_line_no": 1,
            "quantity": text_from_milli(quantity),
            "net_amount": text_from_fen(net),
            "tax_rate": "0.13",
            "tax_amount": text_from_fen(split_net(net, 1300).tax),
        }
        if to_cost:
            named["to_cost_amount"] = text_from_fen(to_cost)
        return self.attempt(
            supplier_invoices.create_supplier_invoice,
            body={
                "supplier_id": receipt["supplier_id"],
                "invoice_number": self.number(),
                "invoice_kind": kind,
                "invoice_date": "2026-11-01",
                "business_date": day.isoformat(),
                "lines": [named],
            },
        )

    def keep(self, invoice: dict[str, Any]) -> None:
        self.take_into_stock(invoice)
        self.invoices.append(invoice["id"])

    def take_into_stock(self, invoice: dict[str, Any]) -> None:
        deducted = fen_from_text(invoice["tax_amount"]) if invoice["invoice_kind"] == "special" else 0
        self.stock += fen_from_text(invoice["gross_amount"]) - deducted - fen_from_text(invoice["to_cost_amount"])

    def ledger(self, account: str, period: str) -> dict[int, int]:
        return payable_store.control(self.books.db, account, period)

    @invariant()
    def the_ledger_shows_what_is_open(self) -> None:
        payable, prepaid = self.ledger("220201", LAST), self.ledger("1123", LAST)
        for supplier in (1, 2):
            balance = self.books.do(suppliers.get_supplier_balance, supplier_id=supplier)
            amounts = {name: fen_from_text(text) for name, text in balance.items() if name.endswith("_amount")}
            assert payable.get(supplier, 0) == amounts["open_amount"] - amounts["unapplied_amount"]
            assert -prepaid.get(supplier, 0) == amounts["prepaid_amount"]
        assert set(payable) | set(prepaid) <= {1, 2}

    @invariant()
    def every_period_agrees_with_its_documents(self) -> None:
        for period in PERIODS:
            assert self.ledger("220201", period) == payable_store.sub_ledger(self.books.db, period)
            assert self.ledger("1123", period) == payable_store.prepaid(self.books.db, period)
            assert self.ledger("220202", period) == accrual_store.by_supplier(self.books.db, period)
            assert checks.payables(self.books.db, period) == []
        # All accruals are reversed in the end.
        assert self.ledger("220202", LAST) == {}

    @invariant()
    def stock_is_what_invoices_brought_and_documents_took(self) -> None:
        assert -sum(self.ledger("1405", LAST).values()) == self.stock

    @invariant()
    def every_period_balances(self) -> None:
        for period in PERIODS:
            assert self.books.do(periods.get_trial_balance, period=period)["balanced"]


@pytest.mark.parametrize("steps", [30, 80])
def test_random_purchasing_keeps_the_books_true(new_books: Callable[[], Any], steps: int) -> None:
    machine = type("Purchasing", (Purchasing,), {"new_books": staticmethod(new_books)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20 if steps == 30 else 6,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
