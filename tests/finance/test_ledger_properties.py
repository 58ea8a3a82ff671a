"""Vouchers, drafts, reversals and closes in random order: the ledger balances, numbers have no gaps, and what is closed stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shapan.finance.facts import facts
from shapan.finance.operations import closing, drafts, periods, statements, vouchers
from shapan.kernel.errors import Problem
from shapan.kernel.money import text_from_fen

TODAY = date(2026, 11, 24)
PERIODS = ("2026-10", "2026-11")
DAYS = st.integers(-54, 6).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
ACCOUNTS = st.sampled_from(["6601", "6001", "100201", "6403", "22210101", "22210107", "222102", "6901"])
AMOUNTS = st.integers(-3000, 3000).filter(bool)
# What may be answered instead of success, by the name of its problem: nothing else.
ALLOWED = {
    "period-locked",
    "business-rule",
    "voucher-already-reversed",
    "voucher-of-document",
    "draft-not-open",
    "step-out-of-order",
    "period-not-ready",
    "earlier-period-open",
    "period-not-last-closed",
    "not-found",
}


class Ledger(RuleBasedStateMachine):
    """A bookkeeper who closes two months, opens the last again, and posts in between."""

    new_books: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.books = self.new_books()
        self.closed: dict[str, Any] = {}

    def attempt(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        """The answer, or None where it was refused by one of the allowed problems."""
        try:
            return self.books.do(operation, **arguments)
        except Problem as problem:
            if problem.name not in ALLOWED:
                raise
            return None

    @staticmethod
    def body(day: str, debit: str, credit: str, amount: int) -> dict[str, Any]:
        text = text_from_fen(amount)
        lines = [
            {"summary": "记账", "account_code": debit, "debit": text},
            {"summary": "记账", "account_code": credit, "credit": text},
        ]
        return {"date": day, "lines": lines}

    @rule(day=DAYS, debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS)
    def post(self, day: str, debit: str, credit: str, amount: int) -> None:
        made = self.attempt(vouchers.create_voucher, body=self.body(day, debit, credit, amount))
        assert (made is None) == (day[:7] in self.closed)

    @rule(day=DAYS, debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS, checker=st.sampled_from(["李静", "李静", "王芳"]))
    def draft_and_post(self, day: str, debit: str, credit: str, amount: int, checker: str) -> None:
        body = {**self.body(day, debit, credit, amount), "maker": "王芳"}
        draft = self.attempt(drafts.create_voucher_draft, body=body)
        posted = self.attempt(drafts.post_voucher_draft, draft_id=draft["id"], body={"checker": checker})
        assert (posted is None) == (day[:7] in self.closed or checker == "王芳")
        if posted is None:
            self.attempt(drafts.discard_voucher_draft, draft_id=draft["id"])

    @rule(number=st.integers(0, 60), day=DAYS)
    def reverse(self, number: int, day: str) -> None:
        count = facts(self.books.db, TODAY)["vouchers"]["count"]
        number = number % (count + 1) + 1  # one of those there are, or the first that is not there
        red = self.attempt(vouchers.reverse_voucher, voucher_id=number, body={"date": day})
        if red is not None:
            blue = self.books.do(vouchers.get_voucher, voucher_id=number)
            assert (blue["reversed_by"], red["reverses"]) == (red["id"], number)
            assert red["debit_total"].lstrip("-") == blue["debit_total"].lstrip("-")

    @rule(period=st.sampled_from(("", "", *PERIODS)))
    def close(self, period: str) -> None:
        period = period or next((name for name in PERIODS if name not in self.closed), PERIODS[0])
        for step in self.books.do(closing.get_period_checklist, period=period)["steps"]:
            if self.attempt(closing.run_period_step, period=period, step=step["step"], body={"note": "无成本"}) is None:
                assert period in self.closed or any(p not in self.closed for p in PERIODS if p < period)
        if self.attempt(closing.close_period, period=period) is not None:
            self.closed[period] = self.books.do(periods.get_trial_balance, period=period)["rows"]

    @rule(period=st.sampled_from(("", "", *PERIODS)))
    def reopen(self, period: str) -> None:
        period = period or max(self.closed, default=PERIODS[0])
        if self.attempt(closing.reopen_period, period=period, body={"reason": "补记"}) is not None:
            assert period == max(self.closed)
            del self.closed[period]

    @invariant()
    def the_books_are_true(self) -> None:
        found = facts(self.books.db, TODAY)
        assert (found["vouchers"]["unbalanced"], found["vouchers"]["gaps"]) == ([], [])
        assert found["trial_balance"]["balanced"]
        for period in PERIODS:
            assert self.books.do(statements.get_balance_sheet, period=period)["balanced"]
        for period, rows in self.closed.items():
            assert self.books.do(periods.get_trial_balance, period=period)["rows"] == rows
            left = [row for row in rows if row["account_code"].startswith("6")]
            assert [(row["closing_debit"], row["closing_credit"]) for row in left] == [("0.00", "0.00")] * len(left)


@pytest.mark.in_process
def test_random_closes_keep_the_ledger_true(new_books: Callable[[], Any]) -> None:
    machine = type("Ledger", (Ledger,), {"new_books": staticmethod(new_books)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
