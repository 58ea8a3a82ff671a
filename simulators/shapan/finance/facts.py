"""What the oracle reads of finance (对账事实): plain JSON, money in integer fen. The shapes are FinanceFacts in contracts/control.yaml.

Documents are given as they show themselves, and entries and settlements beside them, so that a document which disagrees with what
settles it is found, and an account that disagrees with its open items.
"""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance import facts_of_documents
from shapan.finance.rules.ledger import balance_row, balance_totals, is_balanced
from shapan.finance.rules.vouchers import voucher_label
from shapan.finance.store import ledger as store
from shapan.finance.store import settlements as settlement_store


def facts(db: sqlite3.Connection, today: date) -> dict[str, Any]:
    """Customers with what is overdue on `today`, documents, vouchers, trial balance of the latest period, account 1122 beside the sub-ledger.

    `clearings` are what reduces open amounts without a receipt: offsets of red receivables and write-offs.
    """
    return {
        "customers": store.customer_facts(db, today.isoformat()),
        "receivables": [_receivable(row) for row in store.receivable_facts(db)],
        "receipts": store.receipt_facts(db),
        "settlements": _settlements(db),
        "clearings": store.clearing_facts(db),
        "vouchers": {
            "count": store.voucher_count(db),
            "unbalanced": store.unbalanced_vouchers(db),
            "gaps": store.missing_numbers(db),
        },
        "trial_balance": _trial_balance(db),
        "control_account": store.control_account(db),
        **facts_of_documents.facts(db),
    }


def _receivable(row: sqlite3.Row) -> dict[str, Any]:
    members = dict(row)
    word, number = members.pop("word"), members.pop("voucher_number")
    label = None if word is None else voucher_label(word, number)
    return {
        **members,
        "voucher": label,
        "opening": bool(row["opening"]),
        "recognised": bool(row["recognised"]),
    }


def _settlements(db: sqlite3.Connection) -> list[dict[str, Any]]:
    settlements = store.settlement_facts(db)
    allocations = settlement_store.allocations_of(db, (settlement["id"] for settlement in settlements))
    return [
        {
            **settlement,
            "allocations": [
                {"receivable_id": row["receivable_id"], "amount_fen": row["amount_fen"]}
                for row in allocations.get(settlement["id"], [])
            ],
        }
        for settlement in settlements
    ]


def _trial_balance(db: sqlite3.Connection) -> dict[str, Any]:
    period = store.latest_period(db)
    totals = balance_totals(balance_row(sums) for sums in store.sums(db, period))
    return {
        "period": period,
        "opening": {"debit_fen": totals.opening_debit, "credit_fen": totals.opening_credit},
        "movement": {"debit_fen": totals.movement_debit, "credit_fen": totals.movement_credit},
        "closing": {"debit_fen": totals.closing_debit, "credit_fen": totals.closing_credit},
        "balanced": is_balanced(totals),
    }
