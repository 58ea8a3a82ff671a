"""The rules of finance, each on its own."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.finance.rules.closing import statutory_reserve
from shapan.finance.rules.dimensions import Known
from shapan.finance.rules.ledger import AccountSums, balance_row, balance_totals, is_balanced, number_gaps
from shapan.finance.rules.periods import (
    business_date_faults,
    document_number,
    due_date,
    due_date_faults,
    first_day,
    last_day,
    lock_fault,
    parse_date,
    period_of,
    previous_period,
)
from shapan.finance.rules.receivables import (
    OpenItem,
    ReceivableLine,
    Unapplied,
    open_and_overdue,
    receipt_state,
    receivable_faults,
    receivable_state,
    settlement_faults,
)
from shapan.finance.rules.refusals import refusal
from shapan.finance.rules.vouchers import (
    Account,
    Entry,
    account_family,
    bank_account_faults,
    voucher_faults,
    voucher_label,
)
from shapan.kernel.errors import Fault
from shapan.kernel.money import share, split_gross

TODAY = date(2026, 11, 24)
CHART = {
    account.code: account
    for account in (
        Account("1002", "银行存款", leaf=False),
        Account("100201", "基本存款账户", leaf=True),
        Account("100202", "一般存款账户", leaf=True),
        Account("1122", "应收账款", leaf=True, dimensions=frozenset({"customer"}), controlled=True),
        Account("2203", "预收账款", leaf=True, dimensions=frozenset({"customer"})),
        Account("1405", "库存商品", leaf=True, dimensions=frozenset({"product"})),
        Account("6001", "主营业务收入", leaf=True, optional=frozenset({"store"})),
        Account("22210107", "销项税额", leaf=True),
        Account("6601", "销售费用", leaf=True),
    )
}


def debit(code: str, fen: int, customer: int | None = None) -> Entry:
    return Entry("支付广告费", code, customer, fen, 0)


def credit(code: str, fen: int, customer: int | None = None) -> Entry:
    return Entry("支付广告费", code, customer, 0, fen)


def pointers(faults: list[Fault]) -> list[str]:
    return [fault.pointer for fault in faults]


# --- dates and periods


def test_periods_are_calendar_months() -> None:
    assert period_of(date(2026, 11, 30)) == "2026-11"
    assert (first_day("2028-02"), last_day("2028-02")) == (date(2028, 2, 1), date(2028, 2, 29))
    assert previous_period("2026-01") == "2025-12"


def test_a_month_ahead_is_accepted_and_a_day_more_is_not() -> None:
    assert business_date_faults("/date", date(2026, 12, 25), TODAY) == []
    (fault,) = business_date_faults("/date", date(2026, 12, 26), TODAY)
    assert fault.pointer == "/date"
    assert "2026-12-25" in fault.en
    assert "2026-12-25" in fault.zh


def test_the_year_0000_is_no_date() -> None:
    assert parse_date("0000-01-01") is None
    assert pointers(business_date_faults("/date", None, TODAY)) == ["/date"]
    assert pointers(due_date_faults("/due_date", None, TODAY)) == ["/due_date"]


def test_periods_before_the_books_and_closed_ones_are_locked() -> None:
    assert lock_fault("/date", "2026-11", "2026-11", None) is None
    assert lock_fault("/date", "2026-11", "2026-11", "open") is None
    before = lock_fault("/date", "2026-10", "2026-11", None)
    closed = lock_fault("/date", "2026-12", "2026-11", "locked")
    assert before is not None
    assert "2026-11" in before.en
    assert closed is not None
    assert closed.pointer == "/date"


def test_due_dates_follow_the_terms_and_never_precede_the_business_date() -> None:
    assert due_date(date(2026, 11, 24), 60) == date(2027, 1, 23)
    assert due_date(date(2026, 11, 24), 0) == date(2026, 11, 24)
    assert due_date_faults("/due_date", date(2026, 11, 24), date(2026, 11, 24)) == []
    assert pointers(due_date_faults("/due_date", date(2026, 11, 23), date(2026, 11, 24))) == ["/due_date"]
    assert due_date_faults("/due_date", date(2026, 11, 23), None) == []


def test_numbers_widen_when_they_must() -> None:
    assert document_number("YS", "2026-11", 1) == "YS-202611-00001"
    assert document_number("YS", "2026-11", 123456) == "YS-202611-123456"
    assert voucher_label("记", 1) == "记-0001"
    assert voucher_label("记", 12345) == "记-12345"


# --- vouchers


def test_a_right_voucher_has_no_faults() -> None:
    entries = [debit("6601", 10000), credit("100201", 10000)]
    assert voucher_faults(entries, CHART, Known(), manual=True) == []


def test_a_red_letter_voucher_is_right_too() -> None:
    entries = [debit("6601", -10000), credit("100201", -10000)]
    assert voucher_faults(entries, CHART, Known(), manual=True) == []


def test_all_faults_of_a_voucher_are_found_at_once() -> None:
    entries = [
        debit("9999", 100),
        debit("1002", 100),
        debit("1122", 100),
        debit("6601", 100, customer=7),
        Entry("两边都填", "100201", None, 100, 100),
        Entry("两边都空", "100201", None, 0, 0),
        credit("2203", 50, customer=8),
    ]
    assert pointers(voucher_faults(entries, CHART, Known({7}), manual=True)) == [
        "/lines/0/account_code",
        "/lines/1/account_code",
        "/lines/2/account_code",
        "/lines/2/customer_id",
        "/lines/3/customer_id",
        "/lines/4",
        "/lines/5",
        "/lines/6/customer_id",
        "/lines",
    ]


def test_an_unknown_customer_is_found_even_on_an_unknown_account() -> None:
    entries = [debit("9999", 100, customer=8), credit("100201", 100)]
    assert pointers(voucher_faults(entries, CHART, Known({7}), manual=True)) == [
        "/lines/0/account_code",
        "/lines/0/customer_id",
    ]


def test_controlled_accounts_are_for_documents_only() -> None:
    entries = [debit("1122", 100, customer=7), credit("6001", 100)]
    assert voucher_faults(entries, CHART, Known({7}), manual=False) == []
    assert pointers(voucher_faults(entries, CHART, Known({7}), manual=True)) == ["/lines/0/account_code"]


def test_one_line_or_a_total_of_zero_is_no_voucher() -> None:
    assert pointers(voucher_faults([debit("6601", 100)], CHART, Known(), manual=True)) == ["/lines", "/lines"]
    nothing = [debit("6601", 100), debit("100201", -100)]
    assert pointers(voucher_faults(nothing, CHART, Known(), manual=True)) == ["/lines"]


def test_the_difference_of_an_unbalanced_voucher_is_named() -> None:
    (fault,) = voucher_faults([debit("6601", 10000), credit("100201", 9950)], CHART, Known(), manual=True)
    assert "differ by 0.50" in fault.en
    assert "相差 0.50" in fault.zh


def test_a_dimension_is_asked_for_taken_or_refused_by_the_account() -> None:
    known = Known({7}, {3}, {"甲"}, {"MD01"})
    right = [
        Entry("入库", "1405", None, 100, 0, product_code="甲"),
        Entry("入库", "6001", None, 0, 100, store_code="MD01"),
    ]
    assert voucher_faults(right, CHART, known, manual=True) == []
    wrong = [
        Entry("入库", "1405", None, 100, 0, store_code="MD01"),
        Entry("入库", "6001", None, 0, 100, supplier_id=4, store_code="MD02"),
    ]
    assert pointers(voucher_faults(wrong, CHART, known, manual=True)) == [
        "/lines/0/product_code",
        "/lines/0/store_code",
        "/lines/1/supplier_id",
        "/lines/1/supplier_id",
        "/lines/1/store_code",
    ]


def test_a_tenth_of_the_profit_is_reserved_after_old_losses() -> None:
    assert statutory_reserve(24950, 0) == 2495
    assert statutory_reserve(24955, 100) == 2496
    assert statutory_reserve(24950, -20000) == 495
    assert statutory_reserve(24950, -30000) == 0
    assert statutory_reserve(-100, 5000) == 0


def test_bank_accounts_are_leaves_of_1002() -> None:
    assert account_family("22210107") == ("222101", "2221")
    assert bank_account_faults("/bank_account", "100202", CHART) == []
    for code in ("1002", "100299", "6001"):
        (fault,) = bank_account_faults("/bank_account", code, CHART)
        assert "100201, 100202" in fault.en


# --- receivables


def test_tax_follows_from_net_and_rate_within_two_fen() -> None:
    right = [ReceivableLine("电缆", 88496, 1300, tax) for tax in (11503, 11504, 11506)]
    assert receivable_faults(right) == []
    wrong = [ReceivableLine("电缆", 88496, 1300, tax) for tax in (11502, 11504, 11507)]
    assert pointers(receivable_faults(wrong)) == ["/lines/0/tax_amount", "/lines/2/tax_amount"]


def test_something_must_be_charged() -> None:
    assert pointers(receivable_faults([ReceivableLine("赠品", 0, 1300, 0)])) == ["/lines"]
    assert receivable_faults([ReceivableLine("赠品", 0, 1300, 0), ReceivableLine("电缆", 100, 0, 0)]) == []


@given(
    gross=st.integers(1, 10**10),
    rate=st.sampled_from([0, 100, 300, 600, 900, 1300]),
    parts=st.lists(st.integers(1, 1000), min_size=1, max_size=6),
)
def test_every_part_of_a_delivery_passes(gross: int, rate: int, parts: list[int]) -> None:
    """An order line's net and tax are split from gross, then shared out over its deliveries; none may be refused."""
    tax = split_gross(gross, rate)
    cumulative = given_net = given_tax = 0
    for part in parts:
        cumulative += part
        net = share(tax.net, cumulative, sum(parts), given_net)
        part_tax = share(tax.tax, cumulative, sum(parts), given_tax)
        given_net, given_tax = given_net + net, given_tax + part_tax
        if net + part_tax:
            assert receivable_faults([ReceivableLine("部分发货", net, rate, part_tax)]) == []
    assert (given_net, given_tax) == (tax.net, tax.tax)


def test_states() -> None:
    assert [receivable_state(100, settled) for settled in (0, 1, 99, 100)] == [
        "open",
        "partly_settled",
        "partly_settled",
        "settled",
    ]
    assert [receipt_state(100, applied) for applied in (0, 1, 100)] == ["unapplied", "partly_applied", "applied"]


def item(receivable_id: int, open_: int, customer: int = 7, due: date = TODAY) -> OpenItem:
    return OpenItem(receivable_id, f"YS-202611-0000{receivable_id}", customer, open_, due)


def test_overdue_begins_the_day_after_the_due_date() -> None:
    items = [item(1, 100, due=date(2026, 11, 23)), item(2, 20, due=TODAY), item(3, 3, due=date(2026, 11, 25))]
    assert open_and_overdue(items, TODAY) == (123, 100)
    assert open_and_overdue([], TODAY) == (0, 0)


RECEIPT = Unapplied(1, "SK-202611-00001", 7, 100)


def test_a_settlement_within_the_open_amounts_is_right() -> None:
    assert settlement_faults(RECEIPT, [(1, 60), (2, 40)], {1: item(1, 60), 2: item(2, 100)}) == ([], [])


def test_all_faults_of_a_settlement_are_found_at_once() -> None:
    items = {1: item(1, 60), 2: item(2, 50, customer=8)}
    wrong, short = settlement_faults(RECEIPT, [(1, 60), (1, 10), (2, 10), (3, 10), (1, 61)], items)
    assert pointers(wrong) == [
        "/allocations/1/receivable_id",
        "/allocations/2/receivable_id",
        "/allocations/3/receivable_id",
    ]
    assert pointers(short) == ["/allocations/4/amount", "/allocations"]


def test_a_settlement_of_an_unknown_receipt_still_checks_the_receivables() -> None:
    wrong, short = settlement_faults(None, [(1, 61), (9, 1)], {1: item(1, 60)})
    assert pointers(wrong) == ["/receipt_id", "/allocations/1/receivable_id"]
    assert pointers(short) == ["/allocations/0/amount"]


# --- one problem for all faults


WRONG, LOCK, SHORT = Fault("/a", "wrong.", "错。"), Fault("/b", "locked.", "锁。"), Fault("/c", "short.", "少。")


@pytest.mark.parametrize(
    ("wrong", "lock", "short", "status", "faults"),
    [
        ([WRONG], None, [], 422, (WRONG,)),
        ([WRONG], LOCK, [SHORT], 422, (WRONG, LOCK, SHORT)),
        ([], LOCK, [SHORT], 422, (LOCK, SHORT)),
        ([], LOCK, [], 423, (LOCK,)),
        ([], None, [SHORT], 409, (SHORT,)),
    ],
)
def test_one_problem_names_every_fault(
    wrong: list[Fault], lock: Fault | None, short: list[Fault], status: int, faults: tuple[Fault, ...]
) -> None:
    problem = refusal(wrong, lock, short)
    assert problem is not None
    assert (problem.status, problem.faults) == (status, faults)


def test_nothing_wrong_is_no_problem() -> None:
    assert refusal([], None, []) is None


# --- ledger


def test_balances_stand_on_the_side_where_they_fall() -> None:
    row = balance_row(AccountSums("1122", -500, 1130, 600))
    assert (row.opening_debit, row.opening_credit) == (0, 500)
    assert (row.movement_debit, row.movement_credit) == (1130, 600)
    assert (row.closing_debit, row.closing_credit) == (30, 0)


def test_the_worked_month_closes_at_100836() -> None:
    """design: capital 100,000; purchases, sales, estimate, receipt, payment, expense, allowance, closing; sums in fen."""
    closing = {
        "1002": 9937000,
        "1405": 93600,
        "1122": 53000,
        "4001": -10000000,
        "220202": -56000,
        "1231": -2650,
        "4103": -24950,
    }
    rows = [balance_row(AccountSums(code, amount, 0, 0)) for code, amount in closing.items()]
    totals = balance_totals(rows)
    assert totals.closing_debit == totals.closing_credit == 10083600
    assert is_balanced(totals)


def test_an_unbalanced_ledger_is_seen_in_each_part() -> None:
    assert not is_balanced(balance_totals([balance_row(AccountSums("1122", 1, 0, 0))]))
    assert not is_balanced(balance_totals([balance_row(AccountSums("1122", 0, 1, 0))]))
    # Opening and movement wrong by the same amount: closing alone would not show it.
    assert not is_balanced(balance_totals([balance_row(AccountSums("1122", -1, 1, 0))]))


def test_gaps_are_named() -> None:
    assert number_gaps("2026-11 记", [1, 2, 3]) == []
    assert number_gaps("2026-11 记", []) == []
    assert number_gaps("2026-11 记", [4, 2]) == ["2026-11 记-0001", "2026-11 记-0003"]
