"""The last step of the close: whether the books are right (结账检查). Each check reads the books and gives the reasons why they are not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.rules.ledger import balance_row, balance_totals, is_balanced
from shapan.finance.store import accounts as account_store
from shapan.finance.store import accruals as accrual_store
from shapan.finance.store import drafts
from shapan.finance.store import ledger as store
from shapan.finance.store import payables as payable_store
from shapan.kernel.money import text_from_fen


def trial_balance(db: sqlite3.Connection, period: str) -> list[Reason]:
    """Debit equals credit in opening, movement and closing, and in each voucher."""
    found = []
    if not is_balanced(balance_totals(balance_row(sums) for sums in store.sums(db, period))):
        found.append(Reason("The trial balance does not balance.", "试算不平衡。"))
    wrong = store.unbalanced_vouchers(db)
    if wrong:
        found.append(Reason(f"Vouchers do not balance: {'; '.join(wrong)}.", f"凭证借贷不平衡：{'；'.join(wrong)}。"))
    return found


def numbers(db: sqlite3.Connection, period: str) -> list[Reason]:
    """Voucher numbers run without gaps."""
    gaps = store.missing_numbers(db)
    if not gaps:
        return []
    return [Reason(f"Voucher numbers are missing: {', '.join(gaps)}.", f"凭证断号：{'、'.join(gaps)}。")]


def receivables(db: sqlite3.Connection, period: str) -> list[Reason]:
    """Account 1122 per customer is what the sub-ledger shows."""
    return [
        Reason(
            f"Customer {row['customer_id']}: account 1122 has {text_from_fen(row['ledger_1122_fen'])},"
            f" the sub-ledger {text_from_fen(row['subledger_fen'])}.",
            f"往来单位 {row['customer_id']}：1122 科目余额 {text_from_fen(row['ledger_1122_fen'])}，"
            f"应收明细 {text_from_fen(row['subledger_fen'])}，两者不符。",
        )
        for row in store.control_account(db)
        if row["ledger_1122_fen"] != row["subledger_fen"]
    ]


def payables(db: sqlite3.Connection, period: str) -> list[Reason]:
    """Accounts 220201, 1123 and 220202 per supplier are what payables and payments, prepayments and accruals show."""
    roles = account_store.roles(db)
    found = []
    for role, documents, words in (
        ("payable", payable_store.sub_ledger(db, period), ("payables and payments", "应付明细")),
        ("prepayment", payable_store.prepaid(db, period), ("prepayments", "预付明细")),
        ("goods_received_not_invoiced", accrual_store.by_supplier(db, period), ("accruals", "暂估明细")),
    ):
        ledger = payable_store.control(db, roles[role], period)
        for supplier_id in sorted(set(ledger) | set(documents)):
            here, there = ledger.get(supplier_id, 0), documents.get(supplier_id, 0)
            if here != there:
                found.append(
                    Reason(
                        f"Supplier {supplier_id}: account {roles[role]} has {text_from_fen(here)}, {words[0]} {text_from_fen(there)}.",
                        f"供应商 {supplier_id}：{roles[role]} 科目余额 {text_from_fen(here)}，{words[1]} {text_from_fen(there)}，两者不符。",
                    )
                )
    return found


def no_drafts(db: sqlite3.Connection, period: str) -> list[Reason]:
    """No draft of the period waits: it could never be posted once the period is locked."""
    count = drafts.open_count(db, period)
    if count == 0:
        return []
    return [
        Reason(
            f"{count} voucher drafts of {period} are neither posted nor discarded.",
            f"{period} 还有 {count} 张凭证草稿未过账也未作废。",
        )
    ]


CHECKS: tuple[Callable[[sqlite3.Connection, str], list[Reason]], ...] = (
    trial_balance,
    numbers,
    receivables,
    payables,
    no_drafts,
)
"""Every check, in the order in which their reasons are told."""


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    return [reason for check in CHECKS for reason in check(db, period)]


def _run(work: Work) -> list[int]:
    return []


STEP = Step("checks", "Checks of ledger and sub-ledgers", "总账与明细账核对", _pending, _run)
