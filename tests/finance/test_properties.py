"""Random business, right and wrong, through the operations themselves: the books stay true after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from shapan.finance.facts import facts
from shapan.finance.operations import customers, periods, receipts, receivables, settlements, vouchers
from shapan.kernel.errors import Problem
from shapan.kernel.money import fen_from_text, split_net, text_from_fen

TODAY = date(2026, 11, 24)
PERIODS = ("2026-10", "2026-11", "2026-12")
KNOWN = (1, 2, 3)
OPEN_DAYS = st.integers(-54, 31).map(lambda days: TODAY + timedelta(days=days))
DAYS = st.one_of(OPEN_DAYS, OPEN_DAYS, st.integers(-90, 40).map(lambda days: TODAY + timedelta(days=days)))
"""Mostly days of the three open periods; now and then locked ones and those too far ahead."""
CUSTOMERS = st.sampled_from((*KNOWN, *KNOWN, *KNOWN, 99))
AMOUNTS = st.integers(1, 500000)
LINES = st.lists(
    st.tuples(st.integers(0, 300000), st.sampled_from([0, 600, 1300]), st.sampled_from([0, 0, 0, 2, -2, 3])),
    min_size=1,
    max_size=3,
)
RIGHT_ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([("6601", None), ("100201", None), ("2203", 1), ("222102", None), ("1122", 1)]),
        st.sampled_from([-2, 1, 2, 3]),
        st.booleans(),
    ),
    min_size=2,
    max_size=4,
)
ANY_ENTRIES = st.lists(
    st.tuples(
        st.tuples(
            st.sampled_from(["6601", "100201", "2203", "1122", "1002", "8888"]), st.sampled_from([None, None, 1, 99])
        ),
        st.integers(-2, 3),
        st.booleans(),
    ),
    min_size=2,
    max_size=4,
)


def day_is_open(day: date) -> bool:
    return date(2026, 10, 1) <= day <= TODAY + timedelta(days=31)


class Business(RuleBasedStateMachine):
    """An accountant's day. `owed` and `paid` are what a test knows of documents: id -> [customer, whole, settled] in fen."""

    new_books: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.books = self.new_books()
        self.owed: dict[int, list[int]] = {}
        self.paid: dict[int, list[int]] = {}
        self.vouchers: Counter[tuple[str, str]] = Counter()
        for name in ("华信科技（北京）", "南湖电子（杭州）", "金桥贸易（上海）"):
            self.books.do(customers.create_customer, body={"short_name": name})

    def teardown(self) -> None:
        self.books.db.close()

    def attempt(self, operation: Callable[..., Any], body: dict[str, Any]) -> Any:
        """The answer's body, or the Problem. A refusal must leave no trace."""
        before = self.traces()
        try:
            return self.books.do(operation, body=body)
        except Problem as problem:
            refusal = problem
        assert refusal.faults
        assert self.traces() == before
        return refusal

    def traces(self) -> Any:
        """What a refused request must leave as it was: events and all running numbers, the change number among them."""
        numbers = self.books.db.execute("SELECT series, last FROM shapan_number ORDER BY series").fetchall()
        return len(self.books.events), [tuple(row) for row in numbers]

    @rule(customer=CUSTOMERS, day=DAYS, lines=LINES)
    def post_receivable(self, customer: int, day: date, lines: list[tuple[int, int, int]]) -> None:
        amounts = [(net, rate, max(0, split_net(net, rate).tax + slip)) for net, rate, slip in lines]
        gross = sum(net + tax for net, _, tax in amounts)
        result = self.attempt(
            receivables.create_receivable,
            {
                "customer_id": customer,
                "business_date": day.isoformat(),
                "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
                "lines": [
                    {
                        "description": "电缆",
                        "net_amount": text_from_fen(net),
                        "tax_rate": text_from_fen(rate // 100),
                        "tax_amount": text_from_fen(tax),
                    }
                    for net, rate, tax in amounts
                ],
            },
        )
        sound = gross > 0 and all(abs(tax * 10000 - net * rate) <= 20000 for net, rate, tax in amounts)
        assert isinstance(result, Problem) != (customer in KNOWN and day_is_open(day) and sound)
        if not isinstance(result, Problem):
            self.owed[result["id"]] = [customer, gross, 0]
            self.vouchers[day.isoformat()[:7], "记"] += 1
            assert fen_from_text(result["gross_amount"]) == gross

    @rule(customer=CUSTOMERS, day=DAYS, amount=AMOUNTS, bank=st.sampled_from(["100201", "100202", "1002", "6601"]))
    def post_receipt(self, customer: int, day: date, amount: int, bank: str) -> None:
        result = self.attempt(
            receipts.create_receipt,
            {
                "customer_id": customer,
                "business_date": day.isoformat(),
                "amount": text_from_fen(amount),
                "bank_account": bank,
            },
        )
        assert isinstance(result, Problem) != (customer in KNOWN and day_is_open(day) and bank in ("100201", "100202"))
        if not isinstance(result, Problem):
            self.paid[result["id"]] = [customer, amount, 0]
            self.vouchers[day.isoformat()[:7], "记"] += 1

    @precondition(lambda self: self.paid and self.owed)
    @rule(data=st.data(), fits=st.sampled_from([True, True, False]))
    def settle(self, data: st.DataObject, fits: bool) -> None:
        receipt_id = data.draw(st.sampled_from(sorted(self.paid)))
        if fits:
            payers = {self.owed[key][0] for key in self.owed}
            useful = [key for key in sorted(self.paid) if self.paid[key][0] in payers]
            receipt_id = data.draw(st.sampled_from(useful or [receipt_id]))
        customer, whole, applied = self.paid[receipt_id]
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.owed)), min_size=1, max_size=3))
        if fits:
            mine = [key for key in sorted(self.owed) if self.owed[key][0] == customer]
            chosen = data.draw(st.lists(st.sampled_from(mine), min_size=1, max_size=3, unique=True)) if mine else chosen
        rest = whole - applied
        allocations = []
        for key in chosen:
            open_ = self.owed[key][1] - self.owed[key][2]
            most = min(open_, rest) if fits else open_ + 2
            amount = data.draw(st.integers(1, max(1, most)))
            rest -= amount
            allocations.append((key, amount))
        result = self.attempt(
            settlements.create_settlement,
            {
                "receipt_id": receipt_id,
                "allocations": [{"receivable_id": key, "amount": text_from_fen(amount)} for key, amount in allocations],
            },
        )
        right = (
            len(set(chosen)) == len(chosen)
            and rest >= 0
            and all(self.owed[key][0] == customer for key in chosen)
            and all(amount <= self.owed[key][1] - self.owed[key][2] for key, amount in allocations)
        )
        assert isinstance(result, Problem) != right
        if right:
            for key, amount in allocations:
                self.owed[key][2] += amount
                self.paid[receipt_id][2] += amount

    @rule(
        day=DAYS,
        entries=st.one_of(RIGHT_ENTRIES, ANY_ENTRIES),
        word=st.sampled_from(["记", "转"]),
        balance=st.sampled_from([True, True, False]),
    )
    def post_voucher(self, day: date, entries: list[Any], word: str, balance: bool) -> None:
        lines: list[dict[str, Any]] = []
        for (account, customer), amount, on_debit in entries:
            line: dict[str, Any] = {"summary": "调整", "account_code": account}
            if customer is not None:
                line["customer_id"] = customer
            if amount:
                line["debit" if on_debit else "credit"] = text_from_fen(amount * 100)
            lines.append(line)
        debit = sum(amount for _, amount, on_debit in entries if on_debit)
        credit = sum(amount for _, amount, on_debit in entries if not on_debit)
        sound = all(
            amount
            and account in ("6601", "100201", "2203", "222102")
            and (customer == 1) == (account == "2203")
            and customer != 99
            for (account, customer), amount, _ in entries
        )
        if balance and debit != credit:
            side, other = ("credit", debit - credit) if debit - credit > 0 else ("debit", credit - debit)
            lines.append({"summary": "平衡", "account_code": "100201", side: text_from_fen(other * 100)})
            debit, credit = max(debit, credit), max(debit, credit)
        result = self.attempt(vouchers.create_voucher, {"date": day.isoformat(), "word": word, "lines": lines})
        assert isinstance(result, Problem) != (sound and debit == credit != 0 and day_is_open(day))
        if not isinstance(result, Problem):
            self.vouchers[day.isoformat()[:7], word] += 1

    @invariant()
    def the_ledger_is_true(self) -> None:
        found = facts(self.books.db, TODAY)
        assert found["vouchers"] == {"count": sum(self.vouchers.values()), "unbalanced": [], "gaps": []}
        for line in found["control_account"]:
            assert line["ledger_1122_fen"] == line["subledger_fen"]
            owed = sum(whole - done for customer, whole, done in self.owed.values() if customer == line["customer_id"])
            unapplied = sum(
                whole - done for customer, whole, done in self.paid.values() if customer == line["customer_id"]
            )
            assert line["ledger_1122_fen"] == owed - unapplied
        for (period, word), count in self.vouchers.items():
            rows = self.books.db.execute("SELECT number FROM voucher WHERE period = ? AND word = ?", (period, word))
            assert sorted(row["number"] for row in rows) == list(range(1, count + 1))

    @invariant()
    def every_period_balances(self) -> None:
        closing: dict[str, int] = {}
        for period in PERIODS:
            balance = self.books.do(periods.get_trial_balance, period=period)
            assert balance["balanced"]
            totals = {name: fen_from_text(text) for name, text in balance["totals"].items()}
            assert totals["opening_debit"] == totals["opening_credit"]
            assert totals["movement_debit"] == totals["movement_credit"]
            opening = {r["account_code"]: _net(r, "opening") for r in balance["rows"] if _net(r, "opening")}
            assert opening == closing
            closing = {r["account_code"]: _net(r, "closing") for r in balance["rows"] if _net(r, "closing")}

    @invariant()
    def documents_say_what_is_settled(self) -> None:
        found = facts(self.books.db, TODAY)
        assert {r["id"]: r["settled_fen"] for r in found["receivables"]} == {k: v[2] for k, v in self.owed.items()}
        assert {r["id"]: r["amount_fen"] - r["unapplied_fen"] for r in found["receipts"]} == {
            k: v[2] for k, v in self.paid.items()
        }
        for customer in KNOWN:
            balance = self.books.do(customers.get_customer_balance, customer_id=customer)
            open_ = sum(whole - done for owner, whole, done in self.owed.values() if owner == customer)
            assert balance["open_amount"] == text_from_fen(open_)
        for key, (_, whole, done) in self.owed.items():
            shown = self.books.do(receivables.get_receivable, receivable_id=key)
            assert shown["open_amount"] == text_from_fen(whole - done)
            assert 0 <= done <= whole


def _net(row: dict[str, str], part: str) -> int:
    return fen_from_text(row[f"{part}_debit"]) - fen_from_text(row[f"{part}_credit"])


@pytest.mark.parametrize("steps", [12, 40])
def test_random_business_keeps_the_books_true(new_books: Callable[[], Any], steps: int) -> None:
    machine = type("Business", (Business,), {"new_books": staticmethod(new_books)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25 if steps == 12 else 5,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
