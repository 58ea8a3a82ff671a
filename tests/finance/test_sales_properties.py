"""Random sales documents, right and wrong: account 1122 and the account of advances are the open items, at every moment and on every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shapan.finance.facts import facts
from shapan.finance.operations import (
    customers,
    offsets,
    receipts,
    receivable_actions,
    receivable_reports,
    receivables,
    settlements,
    write_offs,
)
from shapan.finance.store import masters, sub_ledger
from shapan.kernel.errors import Problem
from shapan.kernel.money import fen_from_text, split_net, text_from_fen

pytestmark = pytest.mark.in_process

TODAY = date(2026, 11, 24)
CUSTOMERS = (1, 2)
DAYS = st.integers(-50, 31).map(lambda days: TODAY + timedelta(days=days))
LINES = st.lists(st.tuples(st.integers(0, 90000), st.sampled_from([600, 1300, 300])), min_size=1, max_size=3)
WHICH = st.integers(0, 10**6)
PART = st.sampled_from([1, 2, 3, 4, 4, 4, 5])
"""Quarters of what there is: mostly part or all, now and then too much."""


def money(fen: int) -> str:
    return text_from_fen(max(fen, 1))


class SalesSide(RuleBasedStateMachine):
    """Documents are picked by number among those that exist; what is open of them is read as any client would."""

    new_books: Callable[[], Any]
    done: Counter[str]
    """Operation -> how often it was taken: a machine whose every request is refused proves nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.books = self.new_books()
        for name in ("华信科技（北京）", "南湖电子（杭州）"):
            self.books.do(customers.create_customer, body={"short_name": name, "payment_terms_days": 10})
        item = {"code": "CAB-1", "name": "电缆", "unit": "件", "category": "CAB", "created_at": "2026-10-01"}
        masters.insert_item(self.books.db, item)

    def teardown(self) -> None:
        self.books.db.close()

    def attempt(self, operation: Callable[..., Any], **arguments: Any) -> None:
        """Do it, or be refused without leaving a trace."""
        before = self.traces()
        try:
            self.books.do(operation, **arguments)
        except Problem:
            assert self.traces() == before
        else:
            self.done[operation.__name__] += 1

    def traces(self) -> Any:
        numbers = self.books.db.execute("SELECT series, last FROM shapan_number ORDER BY series").fetchall()
        return len(self.books.events), [tuple(row) for row in numbers]

    def pick(self, table: str, which: int, where: str = "1") -> Any:
        rows = self.books.db.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY id").fetchall()
        return rows[which % len(rows)] if rows else None

    def dated(self, body: dict[str, Any], day: date | None, member: str = "business_date") -> dict[str, Any]:
        return body if day is None else {**body, member: day.isoformat()}

    @initialize(busy=st.booleans())
    def begin(self, busy: bool) -> None:
        """Mostly there is business already, so that what follows documents has some to follow."""
        if busy:
            a_day(self)

    @rule(
        customer=st.sampled_from(CUSTOMERS),
        day=DAYS,
        lines=LINES,
        how=st.sampled_from(["plain", "plain", "later", "pending", "pending"]),
        cost=st.integers(1, 50000),
    )
    def charge(self, customer: int, day: date, lines: list[tuple[int, int]], how: str, cost: int) -> None:
        body: dict[str, Any] = {
            "customer_id": customer,
            "business_date": day.isoformat(),
            "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
            "lines": [
                {
                    "description": "电缆",
                    "net_amount": text_from_fen(net),
                    "tax_rate": text_from_fen(rate // 100),
                    "tax_amount": text_from_fen(split_net(net, rate).tax),
                }
                for net, rate in lines
            ],
        }
        if how == "later":
            body["invoiced"] = False
        if how == "pending":
            body |= {
                "recognition": "on_acceptance",
                "cost_lines": [{"product_code": "CAB-1", "amount": text_from_fen(cost)}],
            }
        self.attempt(receivables.create_receivable, body=body)

    @rule(which=WHICH, day=DAYS, invoiced=st.booleans(), reject=st.booleans())
    def accept_or_reject(self, which: int, day: date, invoiced: bool, reject: bool) -> None:
        row = self.pick("receivable", which, "state = 'pending'")
        if row is None:
            return
        if reject:
            body = self.dated({"reason": "拒收"}, day if day > TODAY else None)
            self.attempt(receivable_actions.reject_receivable, receivable_id=row["id"], body=body)
        else:
            body = {"acceptance_date": day.isoformat(), "invoiced": invoiced}
            self.attempt(receivable_actions.accept_receivable, receivable_id=row["id"], body=body)

    @rule(which=WHICH, day=DAYS)
    def invoice(self, which: int, day: date) -> None:
        row = self.pick("receivable", which, "invoiced = 0")
        if row is not None:
            body = {"invoice_date": max(day, TODAY).isoformat()}
            self.attempt(receivable_actions.invoice_receivable, receivable_id=row["id"], body=body)

    @rule(which=WHICH, line=st.integers(1, 3), part=PART, whole=st.booleans(), day=st.none() | DAYS)
    def take_back(self, which: int, line: int, part: int, whole: bool, day: date | None) -> None:
        row = self.pick("receivable", which)
        if row is None:
            return
        body: dict[str, Any] = {"reason": "退货"}
        if not whole:
            net = self.books.db.execute(
                "SELECT net_fen FROM receivable_line WHERE receivable_id = ? AND line_no = ?", (row["id"], line)
            ).fetchone()
            amount = 1 if net is None else max(net[0] * part // 4, 0)
            body["lines"] = [{"line_no": line, "net_amount": text_from_fen(amount)}]
        self.attempt(receivable_actions.red_receivable, receivable_id=row["id"], body=self.dated(body, day))

    @rule(red=WHICH, blue=WHICH, part=PART)
    def offset(self, red: int, blue: int, part: int) -> None:
        one = self.pick("receivable", red, "red_of_id IS NOT NULL AND state <> 'settled'")
        if one is None:
            return
        other = self.pick("receivable", blue, f"gross_fen > settled_fen AND customer_id = {one['customer_id']}")
        if other is not None:
            most = min(one["settled_fen"] - one["gross_fen"], other["gross_fen"] - other["settled_fen"])
            body = {"allocations": [{"receivable_id": other["id"], "amount": money(most * part // 4)}]}
            self.attempt(offsets.offset_receivable, receivable_id=one["id"], body=body)

    @rule(customer=st.sampled_from(CUSTOMERS), day=DAYS, amount=st.integers(1, 200000), advance=st.booleans())
    def pay(self, customer: int, day: date, amount: int, advance: bool) -> None:
        body = {
            "customer_id": customer,
            "business_date": day.isoformat(),
            "amount": text_from_fen(amount),
            "advance": advance,
        }
        self.attempt(receipts.create_receipt, body=body)

    @rule(which=WHICH)
    def move(self, which: int) -> None:
        row = self.pick("receipt", which)
        if row is not None:
            self.attempt(receipts.move_receipt_to_advance, receipt_id=row["id"])

    @rule(which=WHICH, day=st.none() | DAYS)
    def bounce(self, which: int, day: date | None) -> None:
        row = self.pick("receipt", which, "applied_fen = 0")
        if row is not None:
            body = self.dated({"reason": "退票"}, day)
            self.attempt(receipts.reverse_receipt, receipt_id=row["id"], body=body)

    @rule(which=WHICH, owed=WHICH, part=PART, rest=st.booleans())
    def settle(self, which: int, owed: int, part: int, rest: bool) -> None:
        receipt = self.pick("receipt", which)
        if receipt is None:
            return
        item = self.pick("receivable", owed, f"customer_id = {receipt['customer_id']}")
        if item is None:
            return
        advance = receipt["advance_fen"] > 0
        usable = receipt["advance_fen"] if advance else receipt["amount_fen"] - receipt["applied_fen"]
        amount = min(usable, item["gross_fen"] - item["settled_fen"]) * part // 4
        body = {
            "receipt_id": receipt["id"],
            "allocations": [{"receivable_id": item["id"], "amount": money(amount)}],
            "from_advance": advance,
            "rest_to_advance": rest,
        }
        self.attempt(settlements.create_settlement, body=body)

    @rule(which=WHICH, day=st.none() | DAYS)
    def unsettle(self, which: int, day: date | None) -> None:
        row = self.pick("settlement", which)
        if row is not None:
            body = self.dated({"reason": "核销有误"}, day)
            self.attempt(settlements.reverse_settlement, settlement_id=row["id"], body=body)

    @rule(which=WHICH, part=PART, day=st.none() | DAYS)
    def write_off(self, which: int, part: int, day: date | None) -> None:
        item = self.pick("receivable", which, "gross_fen > settled_fen")
        if item is not None:
            amount = money((item["gross_fen"] - item["settled_fen"]) * part // 4)
            body = {
                "customer_id": item["customer_id"],
                "allocations": [{"receivable_id": item["id"], "amount": amount}],
                "reason": "破产",
            }
            self.attempt(write_offs.create_write_off, body=self.dated(body, day))

    @rule(which=WHICH, part=PART, reverse=st.booleans())
    def reconsider(self, which: int, part: int, reverse: bool) -> None:
        row = self.pick("write_off", which)
        if row is None:
            return
        if reverse:
            self.attempt(write_offs.reverse_write_off, write_off_id=row["id"], body={"reason": "误核销"})
        else:
            body = {"amount": money((row["amount_fen"] - row["recovered_fen"]) * part // 4)}
            self.attempt(write_offs.recover_write_off, write_off_id=row["id"], body=body)

    def ledger(self, code: str, last: date | None = None) -> Counter[int]:
        """Debits less credits of an account by customer (0: none), at the end of a day."""
        rows = self.books.db.execute(
            "SELECT coalesce(l.customer_id, 0) AS customer, l.debit_fen - l.credit_fen AS amount FROM voucher_line AS l"
            " JOIN voucher AS v ON v.id = l.voucher_id WHERE substr(l.account_code, 1, ?1) = ?2 AND v.date <= ?3",
            (len(code), code, (last or date.max).isoformat()),
        )
        sums: Counter[int] = Counter()
        for row in rows:
            sums[row["customer"]] += row["amount"]
        return sums

    @invariant()
    def the_facts_agree(self) -> None:
        found = facts(self.books.db, TODAY)
        assert found["vouchers"]["unbalanced"] == []
        assert found["vouchers"]["gaps"] == []
        assert found["trial_balance"]["balanced"]
        shown: Counter[int] = Counter()
        for item in found["receivables"]:
            shown[item["customer_id"]] += (item["gross_fen"] - item["settled_fen"]) * item["recognised"]
        for item in found["receipts"]:
            shown[item["customer_id"]] -= item["unapplied_fen"]
        for line in found["control_account"]:
            assert line["ledger_1122_fen"] == line["subledger_fen"] == shown[line["customer_id"]]
        advances = self.ledger("2204")
        for customer in CUSTOMERS:
            balance = self.books.do(customers.get_customer_balance, customer_id=customer)
            owed = fen_from_text(balance["open_amount"]) - fen_from_text(balance["unapplied_amount"])
            assert owed == shown[customer]
            assert fen_from_text(balance["advance_amount"]) == -advances[customer]

    @invariant()
    def every_day_agrees(self) -> None:
        dates = [row["date"] for row in self.books.db.execute("SELECT DISTINCT date FROM voucher")]
        for day in {*map(date.fromisoformat, dates), TODAY}:
            ledger, advances = self.ledger("1122", day), self.ledger("2204", day)
            open_items: Counter[int] = Counter()
            for row in sub_ledger.open_at(self.books.db, day):
                open_items[row["customer_id"]] += row["open_fen"]
            in_hand = sub_ledger.receipts_at(self.books.db, day)
            for customer in CUSTOMERS:
                unapplied, advance = in_hand.get(customer, (0, 0))
                assert ledger[customer] == open_items[customer] - unapplied
                assert advances[customer] == -advance
        first = min([TODAY, *map(date.fromisoformat, dates)])
        for customer in CUSTOMERS:
            statement = self.books.do(
                receivable_reports.get_customer_statement,
                customer_id=customer,
                from_=first.isoformat(),
                to=TODAY.isoformat(),
            )
            closing = fen_from_text(statement["open_amount"]) - fen_from_text(statement["unapplied_amount"])
            assert fen_from_text(statement["closing_balance"]) == closing

    @invariant()
    def what_waits_stands_apart(self) -> None:
        db = self.books.db
        waiting = db.execute(
            "SELECT coalesce(sum(c.amount_fen), 0) FROM receivable_cost AS c JOIN receivable AS r ON r.id = c.receivable_id"
            " WHERE r.state = 'pending'"
        ).fetchone()[0]
        assert sum(self.ledger("1406").values()) == waiting
        # A blue one whose invoice came takes its red ones along, whenever those were made.
        deferred = db.execute(
            "SELECT coalesce(sum(r.tax_fen), 0) FROM receivable AS r LEFT JOIN receivable AS blue ON blue.id = r.red_of_id"
            " WHERE r.invoiced = 0 AND r.state NOT IN ('pending', 'rejected') AND coalesce(blue.invoiced, 0) = 0"
        ).fetchone()[0]
        assert sum(self.ledger("222106").values()) == -deferred
        charged = db.execute(
            "SELECT coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) FROM receivable WHERE state NOT IN ('pending', 'rejected')"
        ).fetchone()
        assert -sum(self.ledger("6001").values()) == charged[0]
        assert -sum(self.ledger("222").values()) == charged[1]


OPERATIONS = {
    "create_receivable",
    "accept_receivable",
    "reject_receivable",
    "invoice_receivable",
    "red_receivable",
    "offset_receivable",
    "create_receipt",
    "move_receipt_to_advance",
    "reverse_receipt",
    "create_settlement",
    "reverse_settlement",
    "create_write_off",
    "recover_write_off",
    "reverse_write_off",
}


def a_day(machine: SalesSide) -> None:
    """Each operation once, in an order in which all are taken."""
    goods = [(10000, 1300), (5000, 600)]
    machine.charge(1, TODAY, goods, "plain", 1)
    machine.charge(1, TODAY, goods, "later", 1)
    machine.charge(2, TODAY, goods, "pending", 700)
    machine.charge(2, TODAY, goods, "pending", 300)
    machine.accept_or_reject(0, TODAY, False, False)
    machine.accept_or_reject(0, TODAY, False, True)
    machine.take_back(1, 1, 2, False, None)
    machine.invoice(0, TODAY)
    machine.pay(1, TODAY, 30000, False)
    machine.pay(1, TODAY, 9000, True)
    machine.pay(2, TODAY, 100, False)
    machine.bounce(2, None)
    machine.settle(0, 0, 4, False)
    machine.take_back(0, 2, 4, False, None)  # what is paid already stays open in red
    machine.offset(0, 0, 4)
    machine.settle(1, 1, 1, False)
    machine.unsettle(1, None)
    machine.move(0)
    machine.write_off(0, 2, None)
    machine.reconsider(0, 2, False)
    machine.write_off(0, 2, None)
    machine.reconsider(1, 1, True)
    machine.charge(1, TODAY + timedelta(days=10), goods, "plain", 1)
    machine.pay(1, TODAY + timedelta(days=5), 5000, False)
    machine.settle(-1, -1, 1, False)  # what is dated ahead is settled when both are there
    machine.settle(-1, -1, 4, True)


def test_every_document_is_taken_in_its_turn(new_books: Callable[[], Any]) -> None:
    machine = type("SalesSide", (SalesSide,), {"new_books": staticmethod(new_books), "done": Counter()})()
    a_day(machine)
    machine.the_facts_agree()
    machine.every_day_agrees()
    machine.what_waits_stands_apart()
    assert set(machine.done) == OPERATIONS
    machine.teardown()


def test_random_sales_documents_keep_ledger_and_open_items_together(new_books: Callable[[], Any]) -> None:
    machine = type("SalesSide", (SalesSide,), {"new_books": staticmethod(new_books), "done": Counter()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
